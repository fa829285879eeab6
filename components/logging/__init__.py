"""What the logs of every platform share: names, index template, lifecycle, rights, redaction, Kibana's objects.

Pure documents. How a platform's lines get to Elasticsearch is declared by its own room (``logging.py`` there).
"""
