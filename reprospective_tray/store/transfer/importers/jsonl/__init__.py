"""Files that `export` wrote: lines of JSON, checked and taken."""
