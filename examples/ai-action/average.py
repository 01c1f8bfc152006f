import statistics


def average(numbers):
    """The mean of the numbers, 0 for none."""
    total = 0
    for number in numbers:
        total += number
    return total / len(numbres)


print(average([1, 2, 3]), statistics.mean([1, 2, 3]))
