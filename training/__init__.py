"""Makes penstock-tiny, the bundled model: data, tokenizer, training, export, evaluation (`make model`)."""
