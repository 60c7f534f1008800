"""What proves the answers of the lab `tok-bpe-fast` right."""

from scratchlab.checks import expect_close, expect_shape, task

square = task(
    "square",
    hints=("A number times itself.", "The result has the shape of `x`.", "`return x * ...`"),
)


@square.property("the result has the shape of the input")
def keeps_the_shape(student, rng):
    x = rng.standard_normal((2, 3))
    expect_shape(student.square(x), (2, 3), tried="an array of shape (2, 3)")


@square.property("every entry is the square")
def is_the_square(student, rng):
    x = rng.standard_normal(5)
    expect_close(student.square(x), x**2, tried="5 random numbers", look="is it doubled, or squared?")
