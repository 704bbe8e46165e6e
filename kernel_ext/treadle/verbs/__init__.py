"""`%treadle VERB` and `%task`: what a person can ask for."""
