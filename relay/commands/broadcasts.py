"""`relay broadcast …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from relay.commands.common import given, on_registry, valid
from relay.errors import Invalid
from relay.state.models import Broadcast, Person

if TYPE_CHECKING:
    from relay.config import Settings
    from relay.state.registry import Registry

app = typer.Typer(help="Broadcasts: what has a page.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(help="The broadcast's name in URLs: a-z, 0-9 and -.")]
Title = Annotated[str | None, typer.Option(help="Its name for people.")]
Description = Annotated[str | None, typer.Option(help="What it is about.")]
Cameras = Annotated[
    list[str] | None, typer.Option("--camera", help="A camera's id; repeat it for more.")
]
Crew = Annotated[
    list[str] | None, typer.Option("--crew", help="ROLE=NAME, such as EV1=Ada; repeat it for more.")
]
Partners = Annotated[
    list[str] | None,
    typer.Option(
        "--partner",
        help="A partner whose server may let viewers in while it is closed; repeat it for more.",
    ),
]
StartsAt = Annotated[str | None, typer.Option(help="When it begins, such as 2026-11-22T14:00:00Z.")]


@app.command()
def add(
    slug: Slug,
    title: Title = None,
    description: Description = None,
    camera: Cameras = None,
    crew: Crew = None,
    starts_at: StartsAt = None,
    partner: Partners = None,
) -> None:
    """Create a broadcast."""
    fields = options(title or slug, description, camera, crew, starts_at, partner)
    broadcast = valid(Broadcast, {"slug": slug, **fields})

    async def work(found: Registry, settings: Settings) -> None:
        for name in broadcast.cameras:
            await found.cameras.get(name)
        for name in broadcast.partners:
            await found.partners.get(name)
        await found.broadcasts.create(slug, broadcast)
        print(f"http://localhost:{settings.http_port}/b/{slug}")

    on_registry(work)


@app.command("list")
def list_all() -> None:
    """List all broadcasts."""

    async def work(found: Registry, _settings: Settings) -> None:
        for broadcast in await found.broadcasts.all():
            print(f"{broadcast.slug}\t{broadcast.title}\t{','.join(broadcast.cameras)}")

    on_registry(work)


@app.command()
def change(
    slug: Slug,
    title: Title = None,
    description: Description = None,
    camera: Cameras = None,
    crew: Crew = None,
    starts_at: StartsAt = None,
    partner: Partners = None,
) -> None:
    """Change a broadcast; what is left out stays as it is."""
    fields = options(title, description, camera, crew, starts_at, partner)

    async def work(found: Registry, _settings: Settings) -> None:
        for name in fields.get("cameras", ()):
            await found.cameras.get(name)
        for name in fields.get("partners", ()):
            await found.partners.get(name)
        await found.broadcasts.change(slug, lambda old: valid(Broadcast, dict(old) | fields))
        print(f"{slug} changed")

    on_registry(work)


@app.command()
def remove(slug: Slug) -> None:
    """Delete a broadcast and its votes."""

    async def work(found: Registry, _settings: Settings) -> None:
        await found.delete_broadcast(slug)
        print(f"{slug} deleted")

    on_registry(work)


def options(
    title: str | None,
    description: str | None,
    cameras: list[str] | None,
    crew: list[str] | None,
    starts_at: str | None,
    partners: list[str] | None,
) -> dict[str, Any]:
    """The fields that were named on the command line."""
    return given(
        title=title,
        description=description,
        cameras=tuple(cameras) if cameras else None,
        crew=tuple(person(text) for text in crew) if crew else None,
        starts_at=starts_at,
        partners=tuple(partners) if partners else None,
    )


def person(text: str) -> Person:
    """A crew member from `ROLE=NAME`."""
    role, equals, name = text.partition("=")
    if not equals:
        raise Invalid(f"--crew {text}: this has to be ROLE=NAME")
    return valid(Person, {"role": role, "name": name})
