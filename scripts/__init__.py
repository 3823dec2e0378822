"""Programs around the integration; each says itself what it does."""
