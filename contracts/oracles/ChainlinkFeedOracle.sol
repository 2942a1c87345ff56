// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IChainlinkFeedOracle} from "../interfaces/IChainlinkFeedOracle.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {ParameterBounds} from "../libraries/ParameterBounds.sol";
import {FeedOracleParameters, FeedParameters} from "../types/FeedParameters.sol";
import {Price} from "../types/Price.sol";
import {FeedRounds, Round} from "./FeedRounds.sol";
import {SequencerCheck} from "./SequencerCheck.sol";

/// @title ChainlinkFeedOracle
/// @notice An index price from Chainlink push feeds.
contract ChainlinkFeedOracle is IChainlinkFeedOracle, SequencerCheck {
    using FeedRounds for FeedParameters;

    /// @dev 4%: real rounds have moved 3.7% in one step [WAD].
    uint256 private constant _MIN_INITIAL_MARGIN_RATIO = 0.04e18;
    /// @dev 0.01% [WAD].
    uint256 private constant _MIN_DEVIATION = 0.0001e18;
    /// @dev 10% [WAD].
    uint256 private constant _MAX_DEVIATION = 0.1e18;

    /// @inheritdoc IOracle
    uint256 public immutable override deviationThreshold;

    /// @dev Index answer × this ÷ quote answer is the price [WAD].
    uint256 private immutable _scale;
    address private immutable _indexProxy;
    uint64 private immutable _indexMaxAge;
    int256 private immutable _indexMinAnswer;
    int256 private immutable _indexMaxAnswer;
    address private immutable _quoteProxy;
    uint64 private immutable _quoteMaxAge;
    int256 private immutable _quoteMinAnswer;
    int256 private immutable _quoteMaxAnswer;

    constructor(FeedOracleParameters memory parameters) SequencerCheck(parameters.sequencerFeed) {
        FeedParameters memory index = parameters.index;
        FeedParameters memory quote = parameters.quote;

        uint256 exponent = 18 - index.checkedDecimals();
        if (quote.proxy != address(0)) exponent += quote.checkedDecimals();
        // No answer within its bounds may overflow the price: a refusal has a name, a panic has none.
        ParameterBounds.check("index.maxAnswer", uint256(index.maxAnswer), 1, type(uint256).max / 10 ** exponent);
        ParameterBounds.check("deviationThreshold", parameters.deviationThreshold, _MIN_DEVIATION, _MAX_DEVIATION);

        deviationThreshold = parameters.deviationThreshold;
        _scale = 10 ** exponent;
        (_indexProxy, _indexMaxAge) = (index.proxy, index.maxAge);
        (_indexMinAnswer, _indexMaxAnswer) = (index.minAnswer, index.maxAnswer);
        (_quoteProxy, _quoteMaxAge) = (quote.proxy, quote.maxAge);
        (_quoteMinAnswer, _quoteMaxAnswer) = (quote.minAnswer, quote.maxAnswer);
    }

    /// @inheritdoc IOracle
    function verify(bytes calldata proof) external payable override returns (Price memory price) {
        (bool wellFormed, uint80 indexRoundId, uint80 quoteRoundId) = _decode(proof);
        require(wellFormed, ProofMalformed(proof));
        price.upSince = _upSince();

        FeedParameters memory feed = indexFeed();
        Round memory index = feed.obtain(indexRoundId);
        uint256 previousAt = feed.previousAt(index);
        require(previousAt != FeedRounds.NEVER, NeighbourOutOfReach(feed.proxy, index.id, FeedRounds.REACH));

        // What came before the first round of a phase belongs to another phase.
        price.validFrom = uint64(previousAt == 0 ? index.updatedAt : previousAt + 1);
        price.observedAt = uint64(index.updatedAt);
        price.validUntil = uint64(feed.lastSecond(index));
        price.value = _quoteProxy == address(0) ? _value(index.answer, 1) : _divide(price, feed, index, quoteRoundId);
        _returnEther();
    }

    /// @inheritdoc IOracle
    function spot(bytes calldata proof) external payable override returns (Price memory price) {
        require(proof.length == 0, ProofMalformed(proof));
        price.upSince = _upSince();
        (price.value, price.observedAt) = _latest();
        price.validFrom = price.observedAt;
        price.validUntil = uint64(block.timestamp);
        _returnEther();
    }

    /// @inheritdoc IOracle
    function latest() external view override returns (uint256 price, uint64 observedAt) {
        _upSince();
        return _latest();
    }

    /// @inheritdoc IOracle
    /// @dev One round decides: that which covers `from`; where none came up to `until`, that in force then. What no
    /// round of the current phase can decide had no price either.
    function hadNoPrice(uint64 from, uint64 until, bytes calldata proof) external view override returns (bool absent) {
        (bool wellFormed, uint80 indexRoundId, uint80 quoteRoundId) = _decode(proof);
        if (!wellFormed || from > until || until >= block.timestamp) return false;

        FeedParameters memory feed = indexFeed();
        (bool found, Round memory index) = feed.find(indexRoundId);
        if (!found) return false;
        if (index.updatedAt < from) {
            return index.nextAt > until && _fails(feed, index, quoteRoundId, until);
        }

        uint256 previousAt = feed.previousAt(index);
        if (previousAt == 0 && index.updatedAt > from) return true;
        if (previousAt >= from || index.updatedAt > until || index.nextAt <= index.updatedAt) return false;
        return _fails(feed, index, quoteRoundId, index.updatedAt);
    }

    /// @inheritdoc IOracle
    function upSince() external view override returns (uint64 time) {
        return _upSince();
    }

    /// @inheritdoc IOracle
    function minInitialMarginRatio() external pure override returns (uint256 ratio) {
        return _MIN_INITIAL_MARGIN_RATIO;
    }

    /// @inheritdoc IChainlinkFeedOracle
    function indexFeed() public view override returns (FeedParameters memory feed) {
        (feed.proxy, feed.maxAge) = (_indexProxy, _indexMaxAge);
        (feed.minAnswer, feed.maxAnswer) = (_indexMinAnswer, _indexMaxAnswer);
    }

    /// @inheritdoc IChainlinkFeedOracle
    function quoteFeed() public view override returns (FeedParameters memory feed) {
        (feed.proxy, feed.maxAge) = (_quoteProxy, _quoteMaxAge);
        (feed.minAnswer, feed.maxAnswer) = (_quoteMinAnswer, _quoteMaxAnswer);
    }

    /// @dev This oracle takes no fee, so all of the ether goes back.
    function _returnEther() private {
        if (msg.value != 0) Address.sendValue(payable(msg.sender), msg.value);
    }

    /// @dev The price of now: the newest round of each feed and no other.
    function _latest() private view returns (uint256 value, uint64 observedAt) {
        Round memory index = indexFeed().obtainNewest();
        observedAt = uint64(index.updatedAt);
        value =
            _quoteProxy == address(0)
                ? _value(index.answer, 1)
                : _value(index.answer, quoteFeed().obtainNewest().answer);
    }

    /// @dev Divides by a quote round that was in force together with the index round, and narrows what the price speaks
    /// for. Past the next quote round an order that waits in vain for an index round would trade at a price known to be
    /// past, as in a depeg; hence a later quote round makes a price of its own, which covers nothing.
    function _divide(
        Price memory price,
        FeedParameters memory feed,
        Round memory index,
        uint80 quoteRoundId
    ) private view returns (uint256 value) {
        FeedParameters memory quoteSide = quoteFeed();
        Round memory quote = quoteSide.obtain(quoteRoundId);
        uint256 start = Math.max(index.updatedAt, quote.updatedAt);
        require(
            start < quote.nextAt && start < index.nextAt,
            QuoteNotInForce(quote.id, quote.updatedAt, quote.nextAt, index.updatedAt, index.nextAt)
        );
        quoteSide.requireFresh(quote, start);
        feed.requireFresh(index, start);
        if (quote.updatedAt > index.updatedAt) price.validFrom = uint64(quote.updatedAt);
        price.validUntil = uint64(Math.min(price.validUntil, quoteSide.lastSecond(quote)));
        return _value(index.answer, quote.answer);
    }

    /// @dev Whether the deciding index round is no price at `time`, or the quote then in force is none.
    function _fails(
        FeedParameters memory feed,
        Round memory index,
        uint80 quoteRoundId,
        uint256 time
    ) private view returns (bool) {
        if (!feed.isSound(index) || !feed.isFresh(index, time)) return true;
        if (_quoteProxy == address(0)) return false;
        return quoteFeed().hadNone(quoteRoundId, time);
    }

    /// @dev The composite rounds down: by less than 1e-18, in favour of neither side.
    function _value(int256 indexAnswer, int256 quoteAnswer) private view returns (uint256 value) {
        value = (uint256(indexAnswer) * _scale) / uint256(quoteAnswer);
        require(value != 0, PriceRoundsToZero(indexAnswer, quoteAnswer));
    }

    /// @dev One encoding for one proof: without a quote feed its round id is zero.
    function _decode(bytes calldata proof) private view returns (bool wellFormed, uint80 index, uint80 quote) {
        if (proof.length != 64) return (false, 0, 0);
        (uint256 first, uint256 second) = abi.decode(proof, (uint256, uint256));
        wellFormed = first <= type(uint80).max && second <= (_quoteProxy == address(0) ? 0 : type(uint80).max);
        return (wellFormed, uint80(first), uint80(second));
    }
}
