"""The other hand: strips drawn by plotters that training never sees, with exact truth.

In: a random generator, optionally real curve shapes. Out: ``HeldoutStrip`` (a rectified track, what
is drawn in it, and where each curve is at every row, to sub-pixel).
Three drawing technologies are simulated: an anti-aliased vector plotter (dashes by arc length), a
light-spot film recorder (exposure: thick where slow, faint where fast, dashes by time) and an
electrostatic plotter (square pen, run by run). Degradation is an optical chain: lens, lamp, paper,
toner, threshold, copies of copies.

In order: `shapes`, `courses`, `plotters`, `forms`, `copies`, `strips`; `data` is what they share.
Does not belong here: anything used in training or in the choice of a model, and whole pages
(`pages`).
"""
