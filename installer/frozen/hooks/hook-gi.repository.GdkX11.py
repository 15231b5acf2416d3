"""GTK's window to X11, which PyInstaller does not know: the icon outlives a panel's crash by it."""

from PyInstaller.utils.hooks.gi import GiModuleInfo


def hook(hook_api: object) -> None:
    """Collect the library and its description."""
    binaries, datas, modules = GiModuleInfo("GdkX11", "3.0", hook_api).collect_typelib_data()
    hook_api.add_binaries(binaries)
    hook_api.add_datas(datas)
    hook_api.add_imports(*modules)
