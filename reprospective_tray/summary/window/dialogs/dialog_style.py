"""Gives Tk's own file dialog the language, colours and fonts of the window.

Windows and macOS have dialogs of their own, which already have those of the desktop.
"""

import tkinter as tk
from contextlib import suppress
from tkinter import font as tkfont
from tkinter import ttk

from reprospective_tray.messages import _, language
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.window.dialogs.dialog_class import name_dialogs

_DIALOG, _NAME = "TkFDialog", "__tk_filedialog"
_ICONS = "contents.icons"
_LIST = "contents.icons.cHull.canvas"
_SAVE = "contents.f2.ok"
_ACCENT = "Accent.TButton"
_PADDING = 8
_LIST_SIZE = (520, 220)
_FONTS = ("TkDefaultFont", "TkTextFont", "TkHeadingFont", "TkMenuFont", "TkIconFont")
# Tk writes names in black again once they are no longer chosen.
_REPAINT = """
oo::objdefine {icons} method DrawSelection {{}} {{
    next
    my variable canvas
    foreach item [$canvas find all] {{
        if {{[$canvas type $item] eq "text" && "selectionText" ni [$canvas gettags $item]}} {{
            $canvas itemconfigure $item -fill {colour}
        }}
    }}
}}
"""
# The pictures of the list are of 16 pixels.
_ENLARGE = """
if {{![info exists ::tk::Priv(reprospectiveZoom)]}} {{
    set ::tk::Priv(reprospectiveZoom) {times}
    foreach name {{folderImage fileImage updirImage}} {{
        set small [image create photo]
        $small copy $::tk::Priv($name)
        $::tk::Priv($name) copy $small -zoom {times} -compositingrule set
        image delete $small
    }}
    ::tk::dialog::file::UpdateWhenIdle {dialog}
}}
"""


def dress(root: tk.Misc, look: WindowStyle) -> None:
    """Prepare Tk's dialogs; the window's own widgets, none of which are ttk's, stay as they are."""
    if root.tk.call("tk", "windowingsystem") != "x11":
        return
    name_dialogs(root)
    _speak(root)
    name = f"reprospective-{look.palette.mode}"
    style = ttk.Style(root)
    if style.theme_use() == name:
        return
    _set_fonts(root, look)
    style.theme_create(name, parent="clam")
    style.theme_use(name)
    _set_colours(style, look)
    _set_options(root, look)
    with suppress(tk.TclError):
        # As everywhere, files whose names begin with a dot are not shown.
        root.tk.eval("auto_load ::tk::dialog::file::; set ::tk::dialog::file::showHiddenVar 0")
    root.bind_class(_DIALOG, "<Map>", lambda event: _dress_list(root, str(event.widget), look))


def _speak(root: tk.Misc) -> None:
    """Teach Tk the sentences of its dialogs: it knows few languages, and no Japanese."""
    code = language()
    sentences = {
        "&Save": _("&Save"),
        "&Cancel": _("&Cancel"),
        "&Directory:": _("&Folder:"),
        "File &name:": _("File &name:"),
        "Files of &type:": _("Files of &type:"),
        "&Yes": _("&Replace"),
        "&No": _("&Cancel"),
        "&OK": _("OK"),
        'File "%1$s" already exists.\nDo you want to overwrite it?': _(
            "{path} already exists. Replace it?"
        ).format(path="%1$s"),
        'File "%1$s"  does not exist.': _("{path} does not exist.").format(path="%1$s"),
        'Directory "%1$s" does not exist.': _("{path} does not exist.").format(path="%1$s"),
        'Cannot change to the directory "%1$s".\nPermission denied.': _(
            "You do not have permission to open {path}."
        ).format(path="%1$s"),
        'Invalid file name "%1$s".': _("{path} is not a valid file name.").format(path="%1$s"),
    }
    root.tk.call("::msgcat::mclocale", code)
    for sentence, said in sentences.items():
        root.tk.call("namespace", "eval", "::tk", ("::msgcat::mcset", code, sentence, str(said)))


def _set_fonts(root: tk.Misc, look: WindowStyle) -> None:
    actual = look.body.actual()
    for name in _FONTS:
        with suppress(tk.TclError):
            tkfont.nametofont(name, root).configure(family=actual["family"], size=look.body["size"])
    with suppress(tk.TclError):
        caption = tkfont.nametofont("TkCaptionFont", root)
        caption.configure(family=actual["family"], size=look.body["size"], weight="normal")


def _set_colours(style: ttk.Style, look: WindowStyle) -> None:
    palette, px = look.palette, look.px
    style.configure(
        ".",
        background=palette.ground,
        foreground=palette.text,
        fieldbackground=palette.surface,
        bordercolor=palette.thumb,
        lightcolor=palette.surface,
        darkcolor=palette.surface,
        troughcolor=palette.track,
        selectbackground=palette.accent,
        selectforeground=palette.on_accent,
        insertcolor=palette.text,
        focuscolor=palette.accent,
        font="TkDefaultFont",
    )
    style.map(".", foreground=[("disabled", palette.dim)])
    for name in ("TButton", "TMenubutton"):
        style.configure(name, background=palette.surface, padding=(px(12), px(5)), relief="raised")
        style.map(
            name,
            background=[("disabled", palette.ground), ("active", palette.selected)],
            bordercolor=[("focus", palette.accent)],
            lightcolor=[("active", palette.selected)],
            darkcolor=[("active", palette.selected)],
        )
    style.configure("TButton", width=-9, anchor="center")
    accent, still = palette.accent, [("active", palette.accent)]
    style.configure(
        _ACCENT,
        foreground=palette.on_accent,
        focuscolor=palette.on_accent,
        background=accent,
        lightcolor=accent,
        darkcolor=accent,
        bordercolor=accent,
    )
    style.map(_ACCENT, background=still, lightcolor=still, darkcolor=still)
    style.configure("TMenubutton", arrowcolor=palette.dim, arrowsize=px(5))
    style.configure("TEntry", padding=(px(6), px(4)))
    style.map(
        "TEntry",
        bordercolor=[("focus", palette.accent)],
        lightcolor=[("focus", palette.accent)],
    )
    style.configure(
        "TScrollbar",
        background=palette.thumb,
        arrowcolor=palette.dim,
        arrowsize=px(13),
        gripcount=0,
        lightcolor=palette.thumb,
        darkcolor=palette.thumb,
        bordercolor=palette.track,
    )
    style.map("TScrollbar", background=[("disabled", palette.track)])


def _set_options(root: tk.Misc, look: WindowStyle) -> None:
    """Give colours to what in the dialogs is no ttk widget: menus, and the names of the files."""
    palette = look.palette
    for option, value in {
        "Canvas.foreground": palette.text,
        "Menu.background": palette.surface,
        "Menu.foreground": palette.text,
        "Menu.activeBackground": palette.selected,
        "Menu.activeForeground": palette.text,
        "Menu.selectColor": palette.accent,
        "Menu.borderWidth": 1,
        "Menu.relief": "flat" if palette.mode == "dark" else "raised",
    }.items():
        root.option_add(f"*{_NAME}*{option}", value)


def _dress_list(root: tk.Misc, dialog: str, look: WindowStyle) -> None:
    """Paint the list of files, which asks nobody for its colours, and tell the first button."""
    palette, call = look.palette, root.tk.call
    # Where Tk has built it another way, it stays black on white.
    with suppress(tk.TclError):
        call(f"{dialog}.contents", "configure", "-padding", look.px(_PADDING))
        call(f"{dialog}.{_SAVE}", "configure", "-style", _ACCENT)
        root.tk.eval(_REPAINT.format(icons=f"{dialog}.{_ICONS}", colour=palette.text))
        width, height = (look.px(length) for length in _LIST_SIZE)
        call(f"{dialog}.{_LIST}", "configure", "-width", width, "-height", height)
        call(f"{dialog}.{_LIST}", "configure", "-background", palette.surface)
        if (times := round(look.scale)) > 1:
            root.tk.eval(_ENLARGE.format(times=times, dialog=dialog))
