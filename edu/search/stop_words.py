"""Words too common to tell documents apart; they are neither indexed nor searched for.

Words that name things in mathematics stay out of the list: «раз», «больше», «вне».
"""

_RUSSIAN_AND_ENGLISH = """
и в во не что он на я с со как а то все всё она так его но да ты к ко у же вы за бы по её ее мне
было вот от ото меня еще ещё нет о об обо из изо ему теперь когда даже ну ли если уже или ни быть
был была были него до вас нибудь уж вам ведь там потом себя ничего ей может они тут где есть надо
ней для мы тебя их чем сам чтоб чтобы без будто чего тоже себе под будет ж тогда кто этот эта это
эти этого этой этих этому этим этом того тому тем том той тех потому какой какая какое какие каком
какого какую каких совсем ним здесь почти мой моя моё мои нее неё сейчас куда зачем при об другой
хоть после над тот та те через нас про всего них много разве эту перед иногда лучше чуть нельзя
такой такая такое такие таких такого им более всегда конечно всю между т е д также свой свои своя
своё который которая которое которые которого которой которых которым почему сколько какова каков
каковы является являются называется называют
a an and are as at be been but by can could did do does for from had has have he her his how i if
in into is it its me my no not of on or our she should so some such than that the their them then
there these they this those to too us was we were what when where which who whom why will with
would you your about
"""

STOP_WORDS = frozenset(_RUSSIAN_AND_ENGLISH.replace("ё", "е").split())
