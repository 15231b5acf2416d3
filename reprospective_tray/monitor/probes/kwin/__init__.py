"""The probe of KWin (KDE Plasma) in Wayland sessions."""
