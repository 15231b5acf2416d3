"""Commands about the config: where it is, what it says, whether it is valid."""

from reprospective_tray.commands.common import Options, load
from reprospective_tray.config import writer as config_writer
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.messages import _
from reprospective_tray.system.paths import Paths


def path(options: Options) -> int:
    """Print all paths, one per line."""
    from reprospective_tray.runtime.factories import make_adapter

    loaded, paths = load(options)
    print(f"config: {loaded.file or paths.config_file}")
    print(f"data: {make_adapter(loaded, paths, read_only=True).place}")
    print(f"state: {paths.state}")
    print(f"log: {paths.log}")
    return 0


def show(options: Options) -> int:
    """Print the current settings."""
    loaded, _paths = load(options)
    print(config_writer.dump(loaded.config), end="")
    return 0


def init(_options: Options) -> int:
    """Create a config file in its place."""
    print(config_writer.init(Paths.of_user()))
    return 0


def check(options: Options) -> int:
    """Print that the config is valid, or which privacy rule and category apply to a window."""
    loaded, paths = load(options)
    if not options.application and not options.title:
        place = loaded.file or _("no file, using the defaults")
        print(_("The config is valid ({place}).").format(place=place))
        _print_closed_folder(loaded, paths)
        return 0
    from reprospective_tray.monitor.own_windows import is_own_class
    from reprospective_tray.monitor.privacy.rules import PrivacyRules, RuleAction

    if is_own_class(options.application) and not loaded.config.monitor.own_windows:
        print(_("Rule: {rule}").format(rule=_("built in: own windows (monitor.own_windows)")))
        print(_("This window is ignored. Nothing about it is recorded."))
        return 0
    verdict = PrivacyRules(loaded.config.privacy).explain(options.application, options.title)
    if verdict.action is RuleAction.KEEP:
        print(_("No privacy rule applies to this window. It is recorded as it is."))
    else:
        print(_("Rule: {rule}").format(rule=verdict.rule))
    if verdict.action is RuleAction.IGNORE:
        print(_("This window is ignored. Nothing about it is recorded."))
        return 0
    names = verdict.application_name, verdict.window_title
    if verdict.action is not RuleAction.KEEP:
        stored = _("Recorded: application {application!r}, title {title!r}")
        print(stored.format(application=names[0], title=names[1]))
    from reprospective_tray.summary.figures.categories import Categories

    category = Categories(loaded.config.categories).of(*names)
    print(_("Category: {name}").format(name=category.full_label))
    return 0


def _print_closed_folder(loaded: LoadedConfig, paths: Paths) -> None:
    """Print what keeps the group from a database that it is supposed to read."""
    local = loaded.config.database.local
    if local.readable_by != "group" or local.type != "sqlite":
        return
    from reprospective_tray.store.sqlite.file.permissions import closed_to_group

    database = loaded.config.database_path(paths)
    if folder := closed_to_group(database):
        print(
            _("However, {folder} keeps your group from reaching {path}.").format(
                folder=folder, path=database
            )
        )
