"""What a person sees below a cell: output, lines, cards, notices."""
