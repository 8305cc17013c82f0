//! Rectangles of the screen, in character cells from the top left corner.

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Area {
    /// Leftmost column, from 0.
    pub x: u16,
    /// Topmost row, from 0.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Area {
    /// A rectangle.
    #[must_use]
    pub fn new(x: u16, y: u16, width: u16, height: u16) -> Self {
        Self { x, y, width, height }
    }

    /// Whether the cell at (`x`, `y`) is inside.
    #[must_use]
    pub fn contains(&self, x: u16, y: u16) -> bool {
        x >= self.x && y >= self.y && x - self.x < self.width && y - self.y < self.height
    }

    /// The column after the last one.
    #[must_use]
    pub fn right(&self) -> u16 {
        self.x.saturating_add(self.width)
    }

    /// The row after the last one.
    #[must_use]
    pub fn bottom(&self) -> u16 {
        self.y.saturating_add(self.height)
    }

    /// Row `n` of it, one high; empty if there is no such row.
    #[must_use]
    pub fn line(&self, n: u16) -> Self {
        if n < self.height { Self::new(self.x, self.y + n, self.width, 1) } else { Self::default() }
    }

    /// Takes `rows` from its top, and shrinks.
    #[must_use]
    pub fn take_top(&mut self, rows: u16) -> Self {
        let rows = rows.min(self.height);
        let taken = Self::new(self.x, self.y, self.width, rows);
        self.y += rows;
        self.height -= rows;
        taken
    }

    /// Takes `rows` from its bottom, and shrinks.
    #[must_use]
    pub fn take_bottom(&mut self, rows: u16) -> Self {
        let rows = rows.min(self.height);
        self.height -= rows;
        Self::new(self.x, self.y + self.height, self.width, rows)
    }

    /// A rectangle of this size in the middle of it, cut to what fits.
    #[must_use]
    pub fn centred(&self, width: u16, height: u16) -> Self {
        let (width, height) = (width.min(self.width), height.min(self.height));
        Self::new(self.x + (self.width - width) / 2, self.y + (self.height - height) / 2, width, height)
    }

    /// It without one cell at each side.
    #[must_use]
    pub fn inner(&self) -> Self {
        if self.width < 2 || self.height < 2 {
            return Self::default();
        }
        Self::new(self.x + 1, self.y + 1, self.width - 2, self.height - 2)
    }
}
