"""`relay acl`: the users that a Redis or Valkey of one's own needs."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.bus.roles import SERVERS, acl_lines
from relay.commands.common import settings_or_exit
from relay.errors import Invalid, OperatorError

app = typer.Typer(add_completion=False)


@app.command()
def acl(
    servers: Annotated[
        list[str],
        typer.Argument(help="What the server is: bus, state, or both.", metavar="SERVER…"),
    ],
) -> None:
    """Print the users of a server, as lines for its ACL file (README: Deploy)."""
    wrong = set(servers) - SERVERS.keys()
    if wrong:
        raise Invalid(f"{' '.join(sorted(wrong))}: must be bus, state, or both")
    secret = settings_or_exit().store_secret.get_secret_value()
    if not secret:
        raise OperatorError(
            "RELAY_STORE_SECRET is not set, and passwords are made of it; for example\n"
            "export RELAY_STORE_SECRET=$(openssl rand -hex 32)"
        )
    print("\n".join(acl_lines(secret, *servers)))
