"""The command `doctor`: what the program needs, whether it was found, and the remedy."""

import logging
import shutil

from reprospective_tray.commands.common import Options, load, print_json


def doctor(options: Options) -> int:
    """Print a table of findings, or JSON; return 1 if something required is missing."""
    # OpenSSL is hidden while GTK is loaded, to save memory: here other threads may need it then.
    import ssl  # noqa: F401

    from reprospective_tray.checks.doctor import examine, is_well
    from reprospective_tray.checks.finding import Case
    from reprospective_tray.checks.text import table

    loaded, paths = load(options)
    if not options.verbose:
        # What the parts would warn about is in the table.
        logging.getLogger("reprospective_tray").addHandler(logging.NullHandler())
    findings = examine(Case(loaded, paths))
    if options.json:
        keys = ("name", "found", "needed", "detail", "remedy")
        checks = [{key: getattr(each, key) for key in keys} for each in findings]
        print_json({"well": is_well(findings), "checks": checks})
    else:
        print(table(findings, shutil.get_terminal_size().columns))
    return 0 if is_well(findings) else 1
