"""A script that lets bash complete the options of `corral serve`, from the table."""

from __future__ import annotations

from corral.config.option import Option
from corral.config.options import OPTIONS

_SCRIPT = """\
# Options of `corral serve` for bash. Load it with: source <(corral serve --completion-bash)
_corral_serve() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
    COMPREPLY=()
    if [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W "serve characters bench docs" -- "$word"))
        return
    fi
    [[ ${{COMP_WORDS[1]}} == serve ]] || return
    case "$before" in
{cases}
        *) COMPREPLY=($(compgen -W "{flags}" -- "$word")) ;;
    esac
}}
complete -o default -F _corral_serve corral
"""
_MODEL = 'COMPREPLY=($(compgen -f -X \'!*.gguf\' -- "$word") $(compgen -d -- "$word"))'
_FILE = 'COMPREPLY=($(compgen -f -- "$word"))'
_FOLDER = 'COMPREPLY=($(compgen -d -- "$word"))'
_FILES = ("FNAME", "FILE")


def script() -> str:
    """Return the script."""
    flags = " ".join(flag for option in OPTIONS for flag in option.spellings)
    cases = "\n".join(case for option in OPTIONS if (case := _case(option)))
    return _SCRIPT.format(cases=cases, flags=flags)


def _case(option: Option) -> str:
    """Return how the value of `option` is completed, empty where there is none to offer."""
    spellings = "|".join(flag for flag, is_on in option.spellings.items() if is_on)
    action = _action(option)
    return f"        {spellings}) {action} ;;" if spellings and action else ""


def _action(option: Option) -> str:
    kind = option.kind
    if option.name == "model":
        return _MODEL
    if option.is_file or kind.metavar in _FILES:
        return _FILE
    if kind.metavar == "DIR":
        return _FOLDER
    if "|" in kind.metavar:
        return f'COMPREPLY=($(compgen -W "{kind.metavar.replace("|", " ")}" -- "$word"))'
    return "return" if kind.metavar and not option.alone else ""
