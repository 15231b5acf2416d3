"""Says that this module is there, though no file holds it: GTK's bindings make it when asked."""


def pre_safe_import_module(api: object) -> None:
    """Have it looked into by its hook, as those that PyInstaller knows."""
    api.add_runtime_module(api.module_name)
