//! What is drawn, as it is drawn.
