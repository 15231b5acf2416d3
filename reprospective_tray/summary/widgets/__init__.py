"""The parts of the summary window: what is drawn, clicked and scrolled."""
