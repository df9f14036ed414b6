"""`relay broadcast …`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relay.commands.common import bus_of, given, on_registry, valid
from relay.commands.output import AsJson, Yes, ask, page_url, print_list, require_yes
from relay.commands.states import broadcast_states
from relay.errors import Invalid
from relay.state.course import kept_by_others
from relay.state.models import Broadcast, Person

if TYPE_CHECKING:
    from relay.config import Settings
    from relay.state.registry import Registry

app = typer.Typer(help="Broadcasts: what has a page.", no_args_is_help=True, add_completion=False)

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
Language = Annotated[
    str | None,
    typer.Option(help="The language of its texts, such as en or pt-BR; empty if not told."),
]
StartsAt = Annotated[str | None, typer.Option(help="When it begins, such as 2026-11-22T14:00:00Z.")]


@app.command()
def add(
    slug: Slug,
    title: Title = None,
    description: Description = None,
    language: Language = None,
    camera: Cameras = None,
    crew: Crew = None,
    starts_at: StartsAt = None,
    partner: Partners = None,
) -> None:
    """Create a broadcast."""
    fields = options(title or slug, description, language, camera, crew, starts_at, partner)
    broadcast = valid(Broadcast, {"slug": slug, **fields})

    async def work(found: Registry, settings: Settings) -> None:
        for name in broadcast.cameras:
            await found.cameras.get(name)
        for name in broadcast.partners:
            await found.partners.get(name)
        await found.broadcasts.create(slug, broadcast)
        print(page_url(settings, slug))

    on_registry(work, makes=True)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List all broadcasts: where they stand, who watches, which of their cameras send."""

    async def work(found: Registry, settings: Settings) -> None:
        async with bus_of(settings) as bus:
            broadcasts = await broadcast_states(found, bus)
        print_list(
            ("slug", "title", "state", "viewers", "cameras"),
            [each.row() for each in broadcasts],
            [each.to_json() for each in broadcasts],
            as_json=as_json,
            empty="There are no broadcasts yet; `relay broadcast add SLUG` makes one.",
        )

    on_registry(work)


@app.command()
def start(slug: Slug) -> None:
    """Begin a broadcast now, whether its cameras send or not."""

    async def work(found: Registry, settings: Settings) -> None:
        await found.start_broadcast(slug, datetime.now(UTC))
        print(f"{slug} is live: {page_url(settings, slug)}")

    on_registry(work)


@app.command()
def end(
    slug: Slug,
    release: Annotated[
        bool | None,
        typer.Option(
            "--release-cameras/--keep-cameras",
            help="Hang up on its cameras, and refuse them while all broadcasts that show them have "
            "ended; or let them go on sending. Left out, you are asked.",
        ),
    ] = None,
) -> None:
    """End a broadcast. Its page stays; its cameras may be let go."""

    async def work(found: Registry, _settings: Settings) -> None:
        broadcasts = await found.broadcasts.all()
        broadcast = await found.broadcasts.get(slug)
        kept = kept_by_others(broadcast, broadcasts)
        free = [camera for camera in broadcast.cameras if camera not in kept]
        wanted = release
        if wanted is None and free and broadcast.ended_at is None:
            wanted = ask(f"Let its cameras go too ({', '.join(free)})? They are hung up on.")
        await found.end_broadcast(slug, datetime.now(UTC), release=bool(wanted))
        print(f"{slug} has ended")
        if wanted and free:
            print(f"Let go: {', '.join(free)}. They are hung up on within 5 s, and refused until a")
            print("broadcast that has not ended shows them.")
        elif free:
            print(f"Its cameras may go on sending: {', '.join(free)}. To let them go:")
            print(f"  relay broadcast end {slug} --release-cameras")
        for camera, other in kept.items():
            print(f"{camera} stays: {other} shows it")

    on_registry(work)


@app.command()
def reopen(slug: Slug) -> None:
    """Let a broadcast that has ended go on; cameras that were let go may send again."""

    async def work(found: Registry, settings: Settings) -> None:
        await found.reopen_broadcast(slug)
        print(f"{slug} goes on: {page_url(settings, slug)}")

    on_registry(work)


@app.command()
def change(
    slug: Slug,
    title: Title = None,
    description: Description = None,
    language: Language = None,
    camera: Cameras = None,
    crew: Crew = None,
    starts_at: StartsAt = None,
    partner: Partners = None,
) -> None:
    """Change a broadcast; what is left out stays as it is."""
    fields = options(title, description, language, camera, crew, starts_at, partner)
    if not fields:
        raise Invalid("nothing to change: name an option, such as --title")

    async def work(found: Registry, _settings: Settings) -> None:
        for name in fields.get("cameras", ()):
            await found.cameras.get(name)
        for name in fields.get("partners", ()):
            await found.partners.get(name)
        await found.change_broadcast(slug, lambda old: valid(Broadcast, dict(old) | fields))
        print(f"{slug} changed")

    on_registry(work)


@app.command()
def remove(slug: Slug, yes: Yes = False) -> None:
    """Delete a broadcast and all that viewers gave it: votes, comments, feedback."""

    async def work(found: Registry, _settings: Settings) -> None:
        await found.broadcasts.get(slug)
        require_yes(f"Delete broadcast {slug!r} with its votes, comments and feedback?", yes=yes)
        await found.delete_broadcast(slug)
        print(f"{slug} deleted")

    on_registry(work)


def options(
    title: str | None,
    description: str | None,
    language: str | None,
    cameras: list[str] | None,
    crew: list[str] | None,
    starts_at: str | None,
    partners: list[str] | None,
) -> dict[str, Any]:
    """The fields that were named on the command line."""
    fields = given(
        title=title,
        description=description,
        cameras=tuple(cameras) if cameras else None,
        crew=tuple(person(text) for text in crew) if crew else None,
        starts_at=starts_at,
        partners=tuple(partners) if partners else None,
    )
    return fields if language is None else fields | {"language": language or None}


def person(text: str) -> Person:
    """A crew member from `ROLE=NAME`."""
    role, equals, name = text.partition("=")
    if not equals:
        raise Invalid(f"--crew {text}: this has to be ROLE=NAME")
    return valid(Person, {"role": role, "name": name})
