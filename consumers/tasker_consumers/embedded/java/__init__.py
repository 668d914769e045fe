"""Java programs: their files from Maven Central, and their processes."""
