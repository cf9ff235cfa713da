"""What was found, as files to keep and to send on: HTML pages that hold all they need, and JUnit XML."""
