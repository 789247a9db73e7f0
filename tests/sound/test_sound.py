"""Sources and notes: lobes against scipy's transform, patterns against scikit-learn's losses, bad input."""

import numpy as np
import pytest
import soundfile
from sklearn.decomposition._nmf import _beta_divergence

from mho.chip import preset
from mho.data import DataError
from mho.engines import Analog, Dense
from mho.nmf.divergence import divergence
from mho.sound import Note, Notes, Sound, Sources, note_name, note_pitch, read_sound, write_sound
from mho.sound.dictionary import learn_patterns, modelled, pattern_activations
from mho.sound.harmonic import Tone, atoms, between, frequency, learn_tone
from mho.sound.spectrogram import Spectrogram, masked

RATE = 8000
BETA = {"kullback-leibler": 1, "itakura-saito": 0, "frobenius": 2}


def _string(pitch, seconds=2.0, stiffness=4e-4, seed=0, begin=0.0):
    """A plucked string: partials of 1 / h in random phases that decay, the higher the faster."""
    t = np.arange(int(seconds * RATE)) / RATE - begin
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, 12)
    sound = np.zeros_like(t)
    for h, phase in enumerate(phases, 1):
        at = h * frequency(pitch) * np.sqrt(1 + stiffness * h**2)
        if at < RATE / 2:
            sound += np.exp(-t * (1 + 0.2 * h)) / h * np.sin(2 * np.pi * at * t + phase)
    return 0.1 * np.where(t >= 0, sound, 0)


def _decibels(true, found):
    return 10 * np.log10(np.sum(true**2) / np.sum((true - found) ** 2))


def _ratio(true, parts):
    """Signal-to-distortion ratio of BSS Eval, the mean of the parts in their better order."""
    return float(np.mean(pytest.importorskip("fast_bss_eval").sdr(np.stack(true), np.stack(parts))))


def test_a_steady_tone_has_the_spectrum_that_its_dictionary_says():
    transform = Spectrogram(RATE, 0.25)
    tone = Tone(220.0, 1e-3, np.append([1.0, 0.5, 0.25], np.full(27, 1e-9)))
    t = np.arange(2 * RATE) / RATE
    heard = sum(a * np.sin(2 * np.pi * f * t) for a, f in zip((1, 0.5, 0.25), tone.partials(RATE / 2), strict=False))
    middle = transform.magnitudes(Sound(heard, RATE))[:, 16]
    said = atoms(transform, tone).sum(axis=1)
    np.testing.assert_allclose(said / said.max(), middle / middle.max(), atol=5e-3)


def test_a_tone_is_learned_from_a_note_out_of_tune():
    transform = Spectrogram(RATE, 0.17)
    tone = learn_tone(transform, transform.magnitudes(Sound(_string(57.2), RATE)), 57)
    assert tone.pitch == pytest.approx(57.2, abs=0.03)
    assert tone.stiffness == pytest.approx(4e-4, rel=0.5)
    assert tone.strengths[:3].argmax() == 0


def test_a_tone_between_others():
    tones = [Tone(220.0, 1e-4, np.array([1.0, 0.04])), Tone(880.0, 1e-2, np.array([1.0, 0.01]))]
    middle = between(tones, 69)
    assert (middle.fundamental, middle.stiffness) == (pytest.approx(440), pytest.approx(1e-3))
    np.testing.assert_allclose(middle.strengths, [1, 0.02])
    assert between(tones, 93).strengths[1] == pytest.approx(0.01)


@pytest.mark.parametrize("loss", list(BETA))
def test_patterns_in_time_never_raise_the_loss_and_find_what_was_planted(loss):
    rng = np.random.default_rng(0)
    W, H = rng.gamma(0.5, size=(3, 20, 2)), rng.gamma(0.3, size=(2, 80)) + 1e-3
    V = modelled(W, H) + 1e-3
    losses = []
    for count in (1, 2, 5, 30, 120):
        found = learn_patterns(V, 3, 2, loss, count, seed=0)
        losses.append(_beta_divergence(V, *_stacked(found, pattern_activations(found, V, loss, 60)), BETA[loss]))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.1 * losses[0]


def _stacked(W, H):
    """Factors of which `modelled` is the plain product."""
    later = [np.pad(H, ((0, 0), (t, 0)))[:, : H.shape[1]] for t in range(len(W))]
    return np.concatenate(list(W), axis=1), np.concatenate(later)


def test_patterns_of_one_frame_are_spectra():
    rng = np.random.default_rng(1)
    A, V = rng.gamma(1.0, size=(20, 3)), rng.gamma(1.0, size=(20, 6))
    found = pattern_activations(A[None], V, "kullback-leibler", 3000)
    from mho.nmf.divergence import fold_in
    from mho.penalty import NO_PENALTY

    X = Dense(V)
    best = divergence(X, A, fold_in(A, X, "kullback-leibler", NO_PENALTY), "kullback-leibler")
    assert divergence(X, A, found, "kullback-leibler") == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize("loss", list(BETA))
def test_notes_that_were_never_heard_are_found_and_separated(loss):
    true = _string(60, 2.5, begin=0.0, seed=1), _string(76, 2.5, begin=0.5, seed=2)
    model = Notes(2, loss=loss).fit({"A3": Sound(_string(57), RATE), "D#4": Sound(_string(63), RATE)})
    found = model.separate(Sound(true[0] + true[1], RATE))
    assert [note.name for note in found] == ["C4", "E5"]
    assert _ratio(true, [note.sound.samples for note in found]) > 20
    begun = found[1].strength > 0.1 * found[1].strength.max()
    if loss != "itakura-saito":  # whose squares of faint leaks would count as a beginning
        assert begun.argmax() * found[1].hop == pytest.approx(0.5, abs=0.2)
    np.testing.assert_allclose(sum(note.sound.samples for note in found), true[0] + true[1], atol=1e-9)


def test_notes_that_are_told_and_notes_on_the_chip():
    true = _string(60, seed=1), _string(67, seed=2)
    mixture = Sound(true[0] + true[1], RATE)
    learned = {"A3": Sound(_string(57), RATE)}
    told = Notes(loss="frobenius").fit(learned).separate(mixture, ["G4", "C4"])
    design = preset("pku-2025-4bit").with_(off_state="circuit")
    chips = [
        Notes(loss="frobenius", engine=Analog(design, seed=seed, readback=True))
        .fit(learned)
        .separate(mixture, ["C4", "G4"])
        for seed in range(3)
    ]
    ratios = [_ratio(true, [note.sound.samples for note in notes]) for notes in (told, *chips)]
    assert ratios[0] > 15
    assert np.median(ratios[1:]) > ratios[0] - 0.5


@pytest.mark.parametrize("settings", [{}, {"length": 4}, {"loss": "itakura-saito"}, {"loss": "frobenius"}])
def test_sources_are_separated_in_stereo(settings):
    rng = np.random.default_rng(0)
    strokes = np.zeros(2 * RATE)
    for begin in range(0, len(strokes), RATE // 4):
        strokes[begin : begin + 400] = 0.1 * rng.standard_normal(400) * np.exp(-np.arange(400) / 80)
    melody = np.concatenate([_string(p, 0.5, seed=p) for p in (60, 64, 67, 72)])
    model = Sources(8, max_iter=60, random_state=0, **settings)
    model.fit({"drum": Sound(strokes, RATE), "strings": Sound(melody, RATE)})
    both = np.roll(strokes, 700) + melody
    parts = model.separate(Sound(np.stack([both, 0.5 * both], axis=1), RATE))
    assert parts["drum"].samples.shape == (len(both), 2)
    np.testing.assert_allclose(parts["drum"].samples[:, 1], 0.5 * parts["drum"].samples[:, 0], atol=1e-9)
    np.testing.assert_allclose(parts["drum"].mono + parts["strings"].mono, 0.75 * both, atol=1e-9)
    assert _decibels(melody, parts["strings"].samples[:, 0]) > _decibels(melody, both) + 4


def test_a_mask_that_takes_all_gives_the_sound_back():
    transform, sound = Spectrogram(RATE, 0.05), Sound(_string(60), RATE)
    power = transform.magnitudes(sound)
    whole, none = masked(transform, sound, [power, 0 * power])
    np.testing.assert_allclose(whole.samples, sound.samples, atol=1e-9)
    assert np.abs(none.samples).max() < 1e-6


def test_wav_files_keep_every_sample(tmp_path):
    stereo = Sound(np.random.default_rng(0).uniform(-1.5, 1.5, (100, 2)).astype(np.float32), 44100)
    write_sound(tmp_path / "a.wav", stereo)
    again = read_sound(tmp_path / "a.wav")
    np.testing.assert_array_equal(again.samples, stereo.samples)
    assert (again.rate, again.seconds) == (44100, pytest.approx(100 / 44100))
    assert soundfile.info(tmp_path / "a.wav").format == "WAV"


def test_clipped_samples_are_counted():
    t = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 100 * t)
    assert Sound(tone, RATE).clipped == 0
    cut = np.clip(1.2 * tone, -1, 1)
    assert Sound(cut, RATE).clipped == pytest.approx(np.mean(np.abs(1.2 * tone) > 1) * RATE, abs=0.02 * RATE)
    with pytest.warns(UserWarning, match=r"talk.wav: is clipped, .* samples are cut off at 1 of full scale"):
        Sound(cut, RATE).check("talk.wav")


def test_names_of_notes():
    assert [note_pitch(name) for name in ("A4", "C4", "F#3", "Bb2", "C-1")] == [69, 60, 54, 46, 0]
    assert [note_name(pitch) for pitch in (69.2, 60, 53.8, 0)] == ["A4", "C4", "F#3", "C-1"]
    assert Note(53.8, Sound(np.zeros(1), 1), np.zeros(1), 1.0).name == "F#3"


TONE = Sound(_string(60), RATE)
SILENT, SHORT = Sound(np.zeros(RATE), RATE), Sound(np.ones(10), RATE)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Notes().fit({}), "X must have a note at least"),
        (lambda: Notes().fit({"H4": TONE}), "a note must be named like C4, F#3 or Bb2, got 'H4'"),
        (lambda: Notes().fit({"C4": SILENT}), "C4: is silent"),
        (lambda: Notes().fit({"C4": SHORT}), "C4: has 10 samples, fewer than the 1024 of one window"),
        (lambda: Notes().fit({"C4": TONE}).separate(SILENT), "sound: is silent"),
        (lambda: Notes(200).fit({"C4": TONE}).separate(TONE), "n_notes must be at least 1 and at most 86"),
        (lambda: Notes(lowest=120).fit({"C4": TONE}).separate(TONE), "lowest must be at most"),
        (lambda: Notes(engine="analog").fit({"C4": TONE}), "take loss='frobenius' and length=1"),
        (lambda: Sources(loss="huber").fit({"a": TONE, "b": TONE}), "loss must be one of"),
        (lambda: Sources().fit({"a": TONE}), "X must have two sources or more, got 1"),
        (lambda: Sources().fit({"a": TONE, "b": SILENT}), "b: is silent"),
        (lambda: Sources().fit({"a": TONE, "b": Sound(TONE.samples, 16000)}), "one rate, got 8000, 16000"),
        (lambda: Sources(2).fit({"a": TONE, "b": TONE}).separate(Sound(TONE.samples, 9000)), "must have rate 8000"),
        (lambda: Sound(np.ones(3, np.int16), RATE), "floating-point numbers .*, got int16"),
        (lambda: Sound(np.array([0.5, np.nan]), RATE).check("x"), "x: has samples that are not finite"),
        (lambda: write_sound("a.mp3", TONE), "a.mp3: must end in .wav"),
    ],
)
def test_bad_input_is_told_in_a_sentence(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_files_that_are_no_sound(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF\x04\x00\x00\x00WAVE")
    with pytest.raises(DataError, match=r"a.wav: is no sound that can be read"):
        read_sound(tmp_path / "a.wav")
    with pytest.raises(FileNotFoundError, match=r"b\.wav"):
        read_sound(tmp_path / "b.wav")
    write_sound(tmp_path / "c.wav", TONE)
    with pytest.raises(DataError, match=r"c.wav: has 16,000 samples, more than 100; cut it"):
        read_sound(tmp_path / "c.wav", max_samples=100)
