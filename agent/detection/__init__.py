"""What Watchkeeper finds by itself: pure rules over what was read, and the plain JSON that they remember."""
