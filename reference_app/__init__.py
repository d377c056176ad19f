"""The system under test: a FastAPI job board. Imports nothing of ours."""
