// Columns of text, aligned.
#if Gateway
struct TextTable {
    enum Alignment {
        case left
        case right
    }

    var alignments: [Alignment]
    var header: [String]
    var rows: [[String]] = []
    var indent = 2
    /// Blanks between columns.
    var gap = 3

    /// The table line by line, without trailing blanks. Rows shorter than the header end early.
    func lines(style: Style = .plain) -> [String] {
        let widths = header.indices.map { column in
            ([header] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return [style.dim(line(header, widths))] + rows.map { line($0, widths) }
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = cells.indices.map { column in
            let blanks = String(repeating: " ", count: widths[column] - cells[column].count)
            return alignments[column] == .left ? cells[column] + blanks : blanks + cells[column]
        }
        var text =
            String(repeating: " ", count: indent) + padded.joined(separator: String(repeating: " ", count: gap))
        while text.last == " " {
            text.removeLast()
        }
        return text
    }
}

/// An integer with its thousands set apart: 2,412.
func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = ""
    for (index, digit) in digits.enumerated() {
        if index > 0 && (digits.count - index).isMultiple(of: 3) {
            text.append(",")
        }
        text.append(digit)
    }
    return number < 0 ? "-" + text : text
}
#endif
