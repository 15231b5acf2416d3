"""GLib's input and output without its plug-ins.

They are for network files, proxies and settings daemons, of which the tray asks nothing, and those
of another system's GLib must not be loaded either.
"""

from PyInstaller.utils.hooks.gi import GiModuleInfo


def hook(hook_api: object) -> None:
    """Collect the library and its description alone."""
    binaries, datas, modules = GiModuleInfo("Gio", "2.0", hook_api).collect_typelib_data()
    hook_api.add_binaries(binaries)
    hook_api.add_datas(datas)
    hook_api.add_imports(*modules)
