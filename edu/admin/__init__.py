"""What administrators look after: people, subjects, settings, jobs, storage, index."""
