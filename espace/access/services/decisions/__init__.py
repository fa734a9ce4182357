"""Who may read, as the people of a record decide it: asked, collected, given, limited, ended, proven."""
