"""`corral characters`: the folder of characters, without a server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from corral.app.characters import characters_dir, read_character
from corral.catalog.character_files import SUFFIXES
from corral.catalog.character_folder import CharacterFolder, Kept
from corral.cli.access import add_json, settings_here
from corral.cli.character_starter import starter
from corral.cli.character_store import checked_name, put_in, read, write
from corral.cli.character_views import character_facts, characters_table
from corral.cli.outcome import CommandError, ended
from corral.cli.printing import print_json
from corral.cli.tables import facts_table, show
from corral.cli.words import plain
from corral.prompt.cards.card import write_card
from corral.prompt.cards.document import CardVersion
from corral.prompt.cards.picture import write_png
from corral.prompt.characters.yaml import write_yaml
from corral.prompt.persona import Persona

_VERSIONS = {"v1": CardVersion.V1, "v2": CardVersion.V2, "v3": CardVersion.V3}
_SUMMARIES = {
    "list": "list the characters (the default)",
    "show": "show all that is known of a character",
    "import": "read a character card, or a character's file, and put it into the folder as YAML",
    "export": "write a character as a card (.json, .png) or as Corral's own file (.yaml)",
    "new": "begin a character: a file with every important key, explained",
}


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    arguments = build_parser().parse_args(argv)
    return ended(lambda: _ACTIONS[arguments.action](arguments))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all actions."""
    parser = argparse.ArgumentParser(
        prog="corral characters", description="Show, take over, hand on and begin characters."
    )
    _add_options(parser)
    parser.set_defaults(action="list")
    actions = parser.add_subparsers(metavar="ACTION")
    for action, summary in _SUMMARIES.items():
        sub = actions.add_parser(action, help=summary, description=summary)
        _add_options(sub, is_inner=True)
        sub.set_defaults(action=action)
        _add_own(action, sub)
    return parser


def _add_options(parser: argparse.ArgumentParser, *, is_inner: bool = False) -> None:
    add_json(parser)
    parser.add_argument(
        "--characters-dir", metavar="DIR", help="the folder (default: that of `corral serve`)"
    )
    if is_inner:  # options may stand before the action, too: what it does not say must not undo them
        for option in parser._actions:  # noqa: SLF001 - argparse has no other way to say it
            if option.dest != "help":
                option.default = argparse.SUPPRESS


def _add_own(action: str, parser: argparse.ArgumentParser) -> None:
    if action in ("show", "export", "new"):
        parser.add_argument("name", metavar="NAME")
    if action == "import":
        parser.add_argument(
            "file", metavar="FILE", type=Path, help="a card (.png, .json) or a character (.yaml)"
        )
        parser.add_argument("--name", help="what it is to be called here (default: as the file)")
        parser.add_argument(
            "--as-is", action="store_true", help="keep the file, such as a picture, unchanged"
        )
    if action == "export":
        parser.add_argument(
            "--to", metavar="FILE", type=Path, required=True, help="a .json, .png or .yaml file"
        )
        parser.add_argument("--spec", choices=_VERSIONS, help="which cards a .json follows (default: v2)")
        parser.add_argument("--picture", metavar="PNG", type=Path, help="the picture of a .png")
    if action in ("import", "export", "new"):
        parser.add_argument("--force", action="store_true", help="write over a file that is there already")


def _folder(arguments: argparse.Namespace) -> Path:
    """Return the folder, which may not be there yet."""
    if arguments.characters_dir is not None:
        return Path(arguments.characters_dir)
    return characters_dir(settings_here().characters)


def _looked(arguments: argparse.Namespace) -> CharacterFolder[Persona]:
    path = _folder(arguments)
    if not path.is_dir():
        raise CommandError(f"There is no folder {path}. `corral characters new NAME` begins one.")
    folder = CharacterFolder(path, read_character)
    folder.look()
    return folder


def _list(arguments: argparse.Namespace) -> int:
    folder = _looked(arguments)
    files = [(name, folder.file(name)) for name in folder.names()]
    complaints = folder.complaints()
    if arguments.json:
        listed = [
            {"name": name, "file": str(kept.path), "persona": msgspec.to_builtins(kept.content)}
            for name, kept in files
        ]
        print_json({"characters": listed, "complaints": complaints})
        return 0
    if files:
        show(characters_table(files))
    else:
        sys.stderr.write(f"There are no characters in {plain(str(folder.folder))}.\n")
    for file, reason in complaints.items():
        sys.stdout.write(f"\n{plain(file)}: {plain(reason)}\n")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    kept, persona = _found(arguments)
    name = kept.path.stem
    if arguments.json:
        document = {"name": name, "file": str(kept.path), "persona": msgspec.to_builtins(persona)}
        print_json(document)
    else:
        show(facts_table(character_facts(name, kept, persona)))
    return 0


def _found(arguments: argparse.Namespace) -> tuple[Kept[Persona], Persona]:
    """Return the file of the character, and what it says. Raises NotFoundError."""
    folder = _looked(arguments)
    return folder.file(arguments.name), folder.find(arguments.name)


def _import(arguments: argparse.Namespace) -> int:
    source: Path = arguments.file
    name = checked_name(arguments.name if arguments.name is not None else source.stem)
    content = read(source)
    persona = read_character(content, source.name)
    suffix = _kept_suffix(source) if arguments.as_is else ".yaml"
    written = content if arguments.as_is else write_yaml(persona)
    path = put_in(_folder(arguments), name + suffix, written, is_forced=arguments.force)
    return _told(arguments, name, path)


def _kept_suffix(source: Path) -> str:
    suffix = source.suffix.lower()
    if suffix not in SUFFIXES:
        raise CommandError(
            f"{source} cannot be kept as it is: its name ends in none of {', '.join(SUFFIXES)}."
        )
    return suffix


def _export(arguments: argparse.Namespace) -> int:
    kept, persona = _found(arguments)
    target: Path = arguments.to
    suffix = target.suffix.lower()
    if arguments.spec is not None and suffix != ".json":
        raise CommandError("--spec is for .json; a picture holds a card of V2 and one of V3.")
    if arguments.picture is not None and suffix != ".png":
        raise CommandError("--picture is for .png.")
    if suffix == ".json":
        content = write_card(persona, _VERSIONS[arguments.spec or "v2"])
    elif suffix == ".png":
        content = write_png(persona, _picture(arguments.picture, kept.path))
    elif suffix in (".yaml", ".yml"):
        content = write_yaml(persona)
    else:
        raise CommandError(
            f"{target} ends in none of .json, .png and .yaml, which say how it is to be written."
        )
    write(target, content, is_forced=arguments.force)
    return _told(arguments, kept.path.stem, target)


def _picture(given: Path | None, own: Path) -> bytes | None:
    """Return the picture that is named, else the character's own; None: one is made."""
    if given is not None:
        return read(given)
    return read(own) if own.suffix.lower() == ".png" else None


def _new(arguments: argparse.Namespace) -> int:
    name = checked_name(arguments.name)
    path = put_in(_folder(arguments), f"{name}.yaml", starter(name), is_forced=arguments.force)
    return _told(arguments, name, path)


def _told(arguments: argparse.Namespace, name: str, path: Path) -> int:
    if arguments.json:
        print_json({"name": name, "file": str(path)})
    else:
        sys.stdout.write(f"wrote {plain(str(path))}\n")
    return 0


_ACTIONS = {"list": _list, "show": _show, "import": _import, "export": _export, "new": _new}
