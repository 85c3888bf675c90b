"""Effects: how a prompt's parameters change what is drawn, lane by lane, without another forward of the model.

Imports torch: for the device thread only. Knows no queue, no batches, no rows of a database.

| of the request    | what it does                                                                             |
|-------------------|------------------------------------------------------------------------------------------|
| `texts`           | mixes the texts' embeddings by their weights; a negative one leads away from its text|
| `chaos`           | noise on the prompt's embedding in the first half of the steps, other noise for every seed |
| `weird`           | the embedding turned away from the prompt, in the same direction for all pictures        |
| `stylize`         | contrast and colour around the picture's mean, from 0 (plainer) over 0.1 (as drawn) to 1 |
| `tile`            | latents rolled from step to step, and an autoencoder that wraps around                   |
| reference "image" | large forms pulled towards the picture's, most in the first steps                        |
| reference "style" | mean and spread of every latent channel brought to the picture's                         |

What a reference to an image or a subject shows is told in words before the request comes here (`engine.edits`).
"""
