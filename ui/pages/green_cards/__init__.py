"""Green cards: a year at a glance, one card with its departments, points and benefits."""
