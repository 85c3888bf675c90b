"""The gallery at work: who may do what to a shared picture, hearts, posts in the gallery channel, similar pictures."""
