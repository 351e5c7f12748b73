"""Audio as science: what can be measured of speech. No Django."""
