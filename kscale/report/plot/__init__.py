"""Pictures of results: one module a kind, the same colours and words in all of them.

    asked     what is to be drawn: results, comparison, filter, metric, variant
    chosen    the row of each cell that is drawn, and its numbers
    picture   a picture before it is drawn, and the file it becomes
    style     colours, markers, hatches, axes
    kinds     every kind by its name: forest, overview, bars, growth, samples, latency, heatmap, history
    runs      simulations that are drawn, and what each is called
    run_kinds every kind of theirs: stations, life, spread
    waterfall from a first total to a last one: of `kscale limit` and `kscale ablate`

The same request gives the same SVG, byte for byte, with one version of matplotlib.
Names are drawn as text, never as formulas.
"""
