"""Where the demo's speech comes from: Debian packages, the voices in them, and what their makers ask for."""

from __future__ import annotations

from dataclasses import dataclass, field

# Raise this when what is written from the same packages changes, and raise the versions below with it.
RECIPE = 1
SOUNDS = "usr/share/asterisk/sounds"
LIBRIVOX = "usr/share/pocketsphinx/test/data/librivox"


@dataclass(frozen=True)
class Voice:
    """One person's recordings in one language, as one package ships them."""

    package: str
    folder: str
    speaker: str
    gender: str
    language: str
    licence: str
    attribution: str
    # Where other releases of Debian put the same recordings; no part of what a version is made from.
    elsewhere: tuple[str, ...] = field(default=(), repr=False)


ALLISON = "Allison Smith (www.theivrvoice.com), with contributions by Digium, Inc."
VOICES = (
    Voice(
        "asterisk-core-sounds-en-wav",
        f"{SOUNDS}/en_US_f_Allison",
        "voice-01",
        "F",
        "en-US",
        "CC-BY-SA-3.0",
        ALLISON,
    ),
    Voice(
        "asterisk-core-sounds-es-wav",
        f"{SOUNDS}/es_MX_f_Allison",
        "voice-01",
        "F",
        "es-MX",
        "CC-BY-SA-3.0",
        ALLISON,
    ),
    Voice(
        "asterisk-core-sounds-fr-wav",
        f"{SOUNDS}/fr_CA_f_June",
        "voice-02",
        "F",
        "fr-CA",
        "CC-BY-SA-3.0",
        "June Wallack (www.junewallack.com), with contributions by Digium, Inc., Unlimitel, BGM Informatique",
    ),
    Voice(
        "asterisk-core-sounds-it-wav",
        f"{SOUNDS}/it_IT_m_Carlo",
        "voice-03",
        "M",
        "it-IT",
        "CC-BY-3.0",
        "Carlo Flora (www.carloflora.com), translated by Silvia Petrin",
    ),
    Voice(
        "asterisk-core-sounds-ru-wav",
        f"{SOUNDS}/ru_RU_f_IvrvoiceRU",
        "voice-04",
        "F",
        "ru-RU",
        "CC-BY-3.0",
        "provided by Maxim Topal (www.ivrvoice.ru)",
    ),
)
FURTHER_VOICES = (
    Voice(
        "asterisk-prompt-it-menardi-wav",
        f"{SOUNDS}/it_IT_f_Menardi",
        "voice-05",
        "F",
        "it-IT",
        "CC-BY-SA-3.0",
        "Marco Menardi and his wife Paola Dal Zot, the voice (http://www.voip.ammdomus.it)",
    ),
    Voice(
        "asterisk-prompt-es-co",
        f"{SOUNDS}/es",
        "voice-06",
        "F",
        "es-CO",
        "GPL-2.0-only",
        "Avatar Ltda. (www.avatar.com.co) with the voice of July E. Jiménez",
        elsewhere=(f"{SOUNDS}/es_CO_f_Avatar",),
    ),
    Voice(
        "asterisk-prompt-fr-armelle",
        f"{SOUNDS}/fr",
        "voice-07",
        "F",
        "fr-FR",
        "BSD-2-Clause (modified)",
        "Armelle Desjardins, voice; copyright 2006 Michel Gutierrez",
    ),
)
READER = Voice(
    "pocketsphinx-testdata",
    LIBRIVOX,
    "reader-01",
    "",
    "en-US",
    "BSD-2-Clause",
    "read by a LibriVox volunteer (librivox.org), from Jane Austen's Sense and Sensibility; "
    "packaged with PocketSphinx by Carnegie Mellon University and Alpha Cephei Inc.",
)


@dataclass(frozen=True)
class Recipe:
    """What one dataset version is made of."""

    dataset: str
    version: str
    title: str
    description: str
    tier: int
    voices: tuple[Voice, ...]

    @property
    def licence(self) -> str:
        """The licences of its voices, each once."""
        return ", ".join(dict.fromkeys(voice.licence for voice in self.voices))

    @property
    def attribution(self) -> str:
        """Whom to name, each once."""
        return "; ".join(dict.fromkeys(voice.attribution for voice in self.voices))

    @property
    def packages(self) -> tuple[str, ...]:
        """The Debian packages it comes from."""
        return tuple(dict.fromkeys(voice.package for voice in self.voices))


PROMPTS = (
    "The same 235 telephone prompts by each voice, 8 kHz. Professional speakers who published their voices. "
    "Nearly every language has a voice of its own, so speaker and language are confounded."
)
RECIPES = (
    Recipe(
        "prompts-voices", "1.0", "Telephone prompts by several voices", PROMPTS + " Four voices.", 1, VOICES
    ),
    Recipe(
        "prompts-voices",
        "1.1",
        "Telephone prompts by several voices",
        PROMPTS + " Seven voices: version 1.0 and three more, in Italian, Spanish and French.",
        1,
        VOICES + FURTHER_VOICES,
    ),
    Recipe(
        "librivox-excerpts",
        "1.0",
        "LibriVox excerpts with transcripts",
        "Five sentences of an English audiobook, 16 kHz, with their transcripts, by one reader.",
        2,
        (READER,),
    ),
)
