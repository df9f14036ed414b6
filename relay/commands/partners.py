"""`relay partner …`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from relay.commands.common import registry, run_short, settings_or_exit, valid
from relay.state.models import Partner

app = typer.Typer(
    help="Partners: whose sites may show broadcasts in their pages.", no_args_is_help=True
)

Id = Annotated[str, typer.Argument(help="The partner's id: a-z, 0-9 and -.")]
Name = Annotated[str | None, typer.Option(help="Its name for people.")]
Origins = Annotated[
    list[str] | None,
    typer.Option("--origin", help="Origin of a site, such as https://a.example; repeat it."),
]


@app.command()
def add(partner_id: Id, name: Name = None, origin: Origins = None) -> None:
    """Create a partner."""
    settings = settings_or_exit()

    async def work() -> None:
        fields = {"id": partner_id, "name": name or partner_id, "origins": tuple(origin or ())}
        async with registry(settings) as found:
            await found.partners.create(partner_id, valid(Partner, fields))
        print(f"{partner_id} created")

    run_short(work())


@app.command("list")
def list_all() -> None:
    """List all partners."""
    settings = settings_or_exit()

    async def work() -> None:
        async with registry(settings) as found:
            for partner in await found.partners.all():
                print(f"{partner.id}\t{partner.name}\t{' '.join(partner.origins)}")

    run_short(work())


@app.command()
def change(partner_id: Id, name: Name = None, origin: Origins = None) -> None:
    """Change a partner; what is left out stays as it is."""
    settings = settings_or_exit()
    update: dict[str, Any] = {"name": name, "origins": tuple(origin) if origin else None}
    given = {field: value for field, value in update.items() if value is not None}

    async def work() -> None:
        async with registry(settings) as found:
            await found.partners.change(partner_id, lambda old: valid(Partner, dict(old) | given))
        print(f"{partner_id} changed")

    run_short(work())


@app.command()
def key(partner_id: Id) -> None:
    """Give a partner's server a new key and print it, this once; the old one is refused."""
    settings = settings_or_exit()

    async def work() -> None:
        async with registry(settings) as found:
            print(await found.rotate_partner_key(partner_id))

    run_short(work())


@app.command()
def remove(partner_id: Id) -> None:
    """Delete a partner."""
    settings = settings_or_exit()

    async def work() -> None:
        async with registry(settings) as found:
            await found.partners.delete(partner_id)
        print(f"{partner_id} deleted")

    run_short(work())
