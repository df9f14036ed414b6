"""`relay partner …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from relay.commands.common import given, on_registry, valid
from relay.commands.output import AsJson, Yes, print_list, require_yes
from relay.errors import Invalid
from relay.state.models import Partner

if TYPE_CHECKING:
    from relay.config import Settings
    from relay.state.registry import Registry

app = typer.Typer(
    help="Partners: whose sites may show broadcasts in their pages.",
    no_args_is_help=True,
    add_completion=False,
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

    on_registry(work, makes=True)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List all partners."""

    async def work(found: Registry, _settings: Settings) -> None:
        partners = await found.partners.all()
        print_list(
            ("id", "name", "origins"),
            [(each.id, each.name, " ".join(each.origins)) for each in partners],
            [each.model_dump(mode="json", exclude={"key_hash"}) for each in partners],
            as_json=as_json,
            empty="There are no partners yet; `relay partner add ID` makes one.",
        )

    on_registry(work)


@app.command()
def change(partner_id: Id, name: Name = None, origin: Origins = None) -> None:
    """Change a partner; what is left out stays as it is."""
    fields = given(name=name, origins=tuple(origin) if origin else None)
    if not fields:
        raise Invalid("nothing to change: name an option, such as --origin")

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
def remove(partner_id: Id, yes: Yes = False) -> None:
    """Delete a partner."""

    async def work(found: Registry, _settings: Settings) -> None:
        await found.partners.get(partner_id)
        require_yes(f"Delete partner {partner_id!r} and its key?", yes=yes)
        await found.delete_partner(partner_id)
        print(f"{partner_id} deleted")

    on_registry(work)
