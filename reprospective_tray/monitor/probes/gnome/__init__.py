"""The probe of GNOME's shell."""
