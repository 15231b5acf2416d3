"""The built-in categories: which applications and titles they take. Pure.

They are asked after the person's own rules, from top to bottom. Titles come
first: what a browser shows says more than the browser's name does.
"""

from reprospective_tray.config.keys import CategoryRule

BLUE, TEAL, ORANGE, PURPLE = "#4c8dff", "#2bb5a0", "#f5a53a", "#9b6bff"
PINK, RED, GREEN, CYAN = "#ec5f99", "#e5604d", "#6cb33f", "#3aa7c9"

CODING = "Work > Coding"
COMMUNICATION = "Work > Communication"
WRITING = "Work > Writing"
OFFICE = "Work > Office"
DESIGN = "Work > Design"
READING = "Reading & research"
MEDIA = "Leisure > Music & video"
SOCIAL = "Leisure > Social media"
GAMES = "Leisure > Games"


def _named(*names: str) -> str:
    """Return an expression for names that stand as whole words."""
    return rf"(?<![^\W_])(?:{'|'.join(names)})(?![^\W_])"


# WM_CLASS under X11 ("firefox", "Navigator", "org.gnome.Epiphany"), file names on Windows.
_BROWSERS = _named(
    *("firefox", "navigator", "librewolf", "waterfox", "floorp", "zen", "chrom(?:e|ium)"),
    *("google-chrome", "msedge", "edge", "brave", "brave-browser", "vivaldi", "opera", "safari"),
    *("epiphany", "falkon", "konqueror", "arc"),
)
_EDITORS = _named(
    *("code", "code - oss", "vscod(?:e|ium)", "codium", "cursor", "windsurf", "zed", "pycharm"),
    *("idea", "intellij", "webstorm", "goland", "clion", "rustrover", "rider", "phpstorm"),
    *("rubymine", "datagrip", "jetbrains", "android studio", "eclipse", "netbeans", "xcode"),
    *("devenv", "visual studio", "sublime[_ ]text", "n?vim", "gvim", "neovide", "emacs", "kate"),
    *("geany", "qtcreator", "spyder", "rstudio", "jupyter(?:lab)?", "arduino ide", "helix"),
)
_DEVELOPMENT = _named(
    *("gnome-terminal(?:-server)?", "konsole", "[xu]?xterm", "urxvt", "alacritty", "kitty", "foot"),
    *("wezterm(?:-gui)?", "iterm2?", "terminal", "windowsterminal", "tilix", "terminator"),
    *("ghostty", "ptyxis", "kgx", "console", "xfce4-terminal", "qterminal", "st-256color"),
    *("powershell", "cmd", "mintty", "ターミナル", "端末", "gitkraken", "github desktop", "gitg"),
    *("meld", "sourcetree", "dbeaver", "pgadmin(?: 4)?", "postman", "insomnia", "docker desktop"),
    *("wireshark", "virt-manager"),
)
_CODING_SITES = _named(
    *("github", "gitlab", "bitbucket", "gitea", "codeberg", "stack overflow", "pull request"),
    *("merge request", "jira", "jupyterlab", "localhost:\\d+", "127\\.0\\.0\\.1:\\d+"),
)
_TALK = _named(
    *("slack", "teams", "microsoft teams", "discord", "zoom", "signal", "telegram(?:desktop)?"),
    *("whatsapp", "element", "skype", "webex", "mattermost", "rocket\\.chat", "line", "chatwork"),
    *("thunderbird", "betterbird", "outlook", "olk", "evolution", "geary", "kmail", "mailspring"),
    *("mail", "claws-mail", "hexchat", "polari", "fractal", "messages", "facetime"),
)
_TALK_SITES = _named(
    *("gmail", "outlook", "google meet", "google chat", "proton mail", "fastmail", "roundcube"),
    *("meet", "microsoft teams", "slack", "whatsapp", "chatwork", "google calendar"),
)
_TEXTS = _named(
    *("libreoffice[- ]writer", "winword", "word", "microsoft word", "pages", "abiword"),
    *("obsidian", "notion", "typora", "scrivener", "joplin", "logseq", "zettlr", "texstudio"),
    *("lyx", "ghostwriter", "apostrophe", "gedit", "gnome-text-editor", "texteditor", "kwrite"),
    *("mousepad", "notepad(?:\\+\\+)?", "textedit", "bear", "evernote", "simplenote"),
)
_TEXT_SITES = _named("google docs", "overleaf", "notion", "hackmd", "confluence", "dropbox paper")
_SHEETS = _named(
    *("libreoffice[- ](?:calc|impress|base|draw)", "soffice", "libreoffice", "onlyoffice"),
    *("desktopeditors", "excel", "microsoft excel", "powerpnt", "powerpoint"),
    *("microsoft powerpoint", "numbers", "keynote", "gnumeric", "gnucash", "msaccess"),
)
_SHEET_SITES = _named("google sheets", "google slides", "excel", "powerpoint", "airtable")
_PICTURES = _named(
    *("gimp(?:-[\\d.]+)?", "inkscape", "figma", "blender", "krita", "darktable", "photoshop"),
    *("illustrator", "indesign", "affinity(?: \\w+)?", "sketch", "penpot", "freecad", "kdenlive"),
    *("davinci resolve", "resolve", "premiere(?: pro)?", "audacity", "ardour", "scribus"),
)
_PICTURE_SITES = _named("figma", "canva", "penpot", "miro", "excalidraw")
_READERS = _named(
    *("evince", "okular", "zathura", "acrobat", "acrord32", "foxit\\w*", "sumatrapdf", "xreader"),
    *("atril", "papers", "preview", "calibre(?:-gui|-ebook-viewer)?", "foliate", "zotero"),
    *("mendeley", "kindle", "liferea", "newsflash", "yelp", "zeal"),
)
_PLAYERS = _named(
    *("vlc", "mpv", "spotify", "rhythmbox", "totem", "celluloid", "kodi", "plex", "clementine"),
    *("strawberry", "elisa", "audacious", "tidal", "itunes", "music", "showtime"),
)
_PLAYER_SITES = _named(
    *("youtube", "netflix", "twitch", "prime video", "disney\\+", "spotify", "soundcloud"),
    *("vimeo", "ニコニコ動画", "tver", "abema"),
)
_SOCIAL_SITES = _named(
    *("facebook", "instagram", "reddit", "tiktok", "twitter", "mastodon", "bluesky", "threads"),
    *("linkedin", "hacker news", "9gag", "pinterest", "tumblr", "5ch"),
)
_PLAY = _named(
    *("steam", "steamwebhelper", "lutris", "heroic", "minecraft.*", "gamescope", "retroarch"),
    *("steam_app_\\d+", "wesnoth", "0ad", "gnome-(?:mines|chess|sudoku)", "epicgameslauncher"),
)


def _rule(
    category: str,
    colour: str,
    *,
    application: str | None = None,
    title: str | None = None,
    productive: bool | None = None,
) -> CategoryRule:
    return CategoryRule(
        category=category,
        application=application,
        title=title,
        colour=colour,
        productive=productive,
    )


RULES = (
    _rule(CODING, BLUE, application=_EDITORS, productive=True),
    _rule(CODING, BLUE, application=_DEVELOPMENT, productive=True),
    _rule(COMMUNICATION, ORANGE, application=_TALK),
    _rule(WRITING, PURPLE, application=_TEXTS, productive=True),
    _rule(OFFICE, GREEN, application=_SHEETS, productive=True),
    _rule(DESIGN, PINK, application=_PICTURES, productive=True),
    _rule(CODING, BLUE, application=_BROWSERS, title=_CODING_SITES, productive=True),
    _rule(WRITING, PURPLE, application=_BROWSERS, title=_TEXT_SITES, productive=True),
    _rule(OFFICE, GREEN, application=_BROWSERS, title=_SHEET_SITES, productive=True),
    _rule(DESIGN, PINK, application=_BROWSERS, title=_PICTURE_SITES, productive=True),
    _rule(MEDIA, RED, application=_BROWSERS, title=_PLAYER_SITES, productive=False),
    _rule(SOCIAL, CYAN, application=_BROWSERS, title=_SOCIAL_SITES, productive=False),
    _rule(COMMUNICATION, ORANGE, application=_BROWSERS, title=_TALK_SITES),
    _rule(READING, TEAL, application=_BROWSERS),
    _rule(READING, TEAL, application=_READERS),
    _rule(MEDIA, RED, application=_PLAYERS, productive=False),
    _rule(GAMES, CYAN, application=_PLAY, productive=False),
)
