"""Result files: JSON with a line for each row, so that differences can be read."""
import json


def write(file, head, rows):
    """Writes `head`, and under each key of `rows` a list of rows."""
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    for key, listed in rows.items():
        lines.append(f" {json.dumps(key)}: [\n" + ",\n".join("  " + json.dumps(row) for row in listed) + "\n ]")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    assert json.loads(text) == head | rows
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
