"""`relay partner …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from relay.commands.common import given, on_registry, valid
from relay.state.models import Partner

if TYPE_CHECKING:
    from relay.config import Settings
    from relay.state.registry import Registry

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
    fields = {"id": partner_id, "name": name or partner_id, "origins": tuple(origin or ())}
    partner = valid(Partner, fields)

    async def work(found: Registry, _settings: Settings) -> None:
        await found.partners.create(partner_id, partner)
        print(f"{partner_id} created")

    on_registry(work)


@app.command("list")
def list_all() -> None:
    """List all partners."""

    async def work(found: Registry, _settings: Settings) -> None:
        for partner in await found.partners.all():
            print(f"{partner.id}\t{partner.name}\t{' '.join(partner.origins)}")

    on_registry(work)


@app.command()
def change(partner_id: Id, name: Name = None, origin: Origins = None) -> None:
    """Change a partner; what is left out stays as it is."""
    fields = given(name=name, origins=tuple(origin) if origin else None)

    async def work(found: Registry, _settings: Settings) -> None:
        await found.partners.change(partner_id, lambda old: valid(Partner, dict(old) | fields))
        print(f"{partner_id} changed")

    on_registry(work)


@app.command()
def key(partner_id: Id) -> None:
    """Give a partner's server a new key and print it, this once; the old one is refused."""

    async def work(found: Registry, _settings: Settings) -> None:
        print(await found.rotate_partner_key(partner_id))

    on_registry(work)


@app.command()
def remove(partner_id: Id) -> None:
    """Delete a partner."""

    async def work(found: Registry, _settings: Settings) -> None:
        await found.partners.delete(partner_id)
        print(f"{partner_id} deleted")

    on_registry(work)
