"""Gives Tk's own dialogs the class of the program's windows: whoever records sees one program."""

import tkinter as tk
from contextlib import suppress

from reprospective_tray import PRODUCT

# Tk makes them as TkFDialog and Dialog, and asks for the first of these names again.
_NAMING = """
auto_load ::tk::dialog::file::
auto_load ::tk::MessageBox
proc ::tk::dialog::file::toplevel {{w args}} {{
    set made [::toplevel $w {{*}}[dict replace $args -class {{{name}}}]]
    bindtags $w [linsert [bindtags $w] 1 TkFDialog]
    return $made
}}
proc ::tk::dialog::file::winfo {{what args}} {{
    set answer [uplevel 1 [list ::winfo $what {{*}}$args]]
    if {{$what eq "class" && $answer eq {{{name}}}}} {{ return TkFDialog }}
    return $answer
}}
proc ::tk::toplevel {{w args}} {{
    return [::toplevel $w {{*}}[dict replace $args -class {{{name}}}]]
}}
option add *__tk__messagebox.msg.wrapLength 3i widgetDefault
option add *__tk__messagebox.msg.font TkCaptionFont widgetDefault
"""


def name_dialogs(root: tk.Misc) -> None:
    """Let file dialogs and questions of `root` have it; where Tk makes them otherwise, they stay.

    Class bindings of ``TkFDialog`` go on to work; options are found by the names of the widgets.
    """
    with suppress(tk.TclError):
        root.tk.eval(_NAMING.format(name=PRODUCT))
