"""Green cards: rating of enterprises by the departments of the city, and the backbone enterprises."""
