"""Effects: how a prompt's parameters change what is drawn, lane by lane, without another forward of the model.

Imports torch: for the device thread only. Knows no queue, no batches, no rows of a database.

| of the request    | what it does                                                                             |
|-------------------|------------------------------------------------------------------------------------------|
| `texts`           | mixes the texts' embeddings by their weights; a negative one leads away from its text|
| `chaos`           | each seed's picture leans on a wording of its own, and on none in the first half of the steps |
| `weird`           | mixes in something that has nothing to do with the prompt                                 |
| `stylize`         | contrast and colour around the picture's mean, from 0 (plainer) over 0.1 (as drawn) to 1 |
| `tile`            | latents rolled from step to step, and an autoencoder that wraps around                   |
| reference "image" | large forms pulled towards the picture's, most in the first steps                        |
| reference "style" | mean and spread of every latent channel brought to the picture's                         |

What a reference to an image or a subject shows is told in words before the request comes here (`engine.edits`). A model
that can look at pictures (`ModelEntry.looks_at`) is shown them instead of all this: `showing`.
"""
