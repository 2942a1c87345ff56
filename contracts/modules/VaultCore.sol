// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICommonErrors} from "../interfaces/ICommonErrors.sol";
import {BorrowMath} from "../libraries/BorrowMath.sol";
import {FundingMath} from "../libraries/FundingMath.sol";
import {MarketMath} from "../libraries/MarketMath.sol";
import {PositionMath} from "../libraries/PositionMath.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {WadMath} from "../libraries/WadMath.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {Price} from "../types/Price.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @dev What closing a part of a position does to its box, before any fee. Amounts are WAD quote unless named.
struct Closing {
    /// @dev Signed change of size [WAD base].
    int256 closedSize;
    /// @dev Price it is closed at [WAD quote per base].
    uint256 fillPrice;
    /// @dev Gain or loss of the part, before the box bounds it.
    int256 pnl;
    /// @dev Reserve that the part releases.
    uint256 released;
    /// @dev What the pool pays of it, in whole token units.
    uint256 gain;
    /// @dev What the margin pays to the pool.
    uint256 loss;
    /// @dev Loss that the margin could not pay; nobody's debt.
    uint256 shortfall;
    /// @dev The pool's cash afterwards.
    uint256 cash;
    /// @dev The sum of reserves afterwards.
    uint256 reserved;
}

/// @title VaultCore
/// @notice Shared internals: the lock, accrual, the box, pay-outs, and the only places that store positions and rates.
abstract contract VaultCore is VaultStorage, ICommonErrors {
    using SafeCast for uint256;
    using SafeCast for int256;
    using MarketMath for Market;
    using PositionMath for Position;

    modifier nonReentrant() {
        require(!_locked, MarketLocked());
        _locked = true;
        _;
        _locked = false;
    }

    modifier onlyOrderBook() {
        require(msg.sender == _orderBook, NotAuthorized(msg.sender));
        _;
    }

    modifier onlyPool() {
        require(msg.sender == address(_pool), NotAuthorized(msg.sender));
        _;
    }

    /* STATE */

    /// @dev The market with both indices brought to now; in memory until {_storeMarket}.
    function _accrued() internal view returns (Market memory market_) {
        market_ = _market;
        market_.accrue(block.timestamp);
    }

    function _storeMarket(Market memory market_) internal {
        _market = market_;
    }

    function _openPosition(uint256 positionId) internal view returns (Position memory position_) {
        position_ = _positions[positionId];
        require(position_.size != 0, PositionNotFound(positionId));
    }

    /// @dev The only place that stores a position whose size changed. A closed one keeps its owner, so that escrow of
    /// its waiting orders finds its way back, and its id can never be opened again.
    function _storePosition(Market memory market_, uint256 positionId, Position memory position_) internal {
        if (position_.size == 0) position_ = _closedPosition(position_);
        market_.attach(position_);
        _positions[positionId] = position_;
        emit PositionUpdated(
            positionId,
            ++market_.sequence,
            position_.size,
            position_.openNotional,
            position_.margin,
            position_.reserve,
            position_.fundingIndex,
            position_.borrowIndex,
            position_.priceTime,
            position_.cooldown,
            position_.termsId
        );
    }

    function _closedPosition(Position memory position_) private pure returns (Position memory closed) {
        closed.owner = position_.owner;
        closed.fundingIndex = position_.fundingIndex;
    }

    /// @dev Takes a position out of the sums and folds what it owes into its open notional: no token moves and equity
    /// cannot move, and the owed amount is no base for fees.
    function _detachAndFold(Market memory market_, Position memory position_) internal pure {
        market_.detach(position_);
        int256 owed = position_.accrued(market_.fundingIndex, market_.borrowIndex);
        position_.openNotional = (position_.openNotional + owed).toInt96();
        position_.fundingIndex = market_.fundingIndex;
        position_.borrowIndex = market_.borrowIndex;
    }

    /// @dev Notes the price of a size change. Neither the market's clock nor its reference price moves back when an
    /// order fills at a price older than the newest one used.
    function _stamp(Market memory market_, Position memory position_, uint256 price, uint64 observedAt) internal pure {
        if (observedAt >= market_.clock) {
            market_.clock = observedAt;
            market_.referencePrice = price.toUint96();
        }
        if (observedAt > position_.priceTime) position_.priceTime = uint256(observedAt).toUint32();
        position_.cooldown = 0;
    }

    /// @dev Stores the rates anew; they stay constant until the next call, which makes accrual independent of pokes.
    function _updateRates(Market memory market_, uint256 cash, uint256 reserved) internal {
        market_.fundingVelocity = FundingMath
            .velocity(market_.referencePrice, market_.skew(), _maxFundingRate, _fundingScale)
            .toInt96();
        market_.borrowRate = BorrowMath.borrowRate(BorrowMath.utilization(reserved, cash), _curves()).toUint64();
        emit MarketUpdated(
            ++market_.sequence,
            market_.fundingIndex,
            market_.borrowIndex,
            market_.fundingVelocity,
            market_.borrowRate,
            market_.referencePrice,
            cash,
            reserved
        );
    }

    /* PRICE */

    /// @dev The price of now. The market's clock is never older than any price that changed a position, so checking it
    /// alone keeps every position from an older price.
    function _spotPrice(
        Market memory market_,
        bytes calldata proof
    ) internal returns (Price memory price) {
        price = _oracle.spot{value: msg.value}(proof);
        require(price.observedAt >= market_.clock, PriceNotNewEnough(price.observedAt, market_.clock));
        market_.clock = price.observedAt;
    }

    /// @dev Liquidation waits until traders could come back after an outage of the sequencer.
    function _requireGraceOver(Price memory price) internal view {
        uint64 endsAt = price.upSince == 0 ? 0 : price.upSince + _sequencerGrace;
        require(block.timestamp >= endsAt, SequencerGracePeriod(endsAt));
    }

    /// @dev This contract holds no ether of its own: what verification left goes back.
    function _returnEther() internal {
        uint256 left = address(this).balance;
        if (left != 0) Address.sendValue(payable(msg.sender), left);
    }

    /* BOX */

    /// @dev Closes `closed` of a folded position in memory at `fillPrice`. Pure arithmetic: {_settleWithPool} moves the
    /// tokens.
    function _closing(
        Position memory position_,
        uint256 closed,
        uint256 fillPrice
    ) internal view returns (Closing memory closing) {
        uint256 whole = WadMath.abs(position_.size);
        closing.closedSize = _closingDelta(position_, closed);
        closing.fillPrice = fillPrice;
        closing.released = (uint256(position_.reserve) * closed) / whole;
        // Rounded up: the part closed carries the odd wei of cost.
        int256 cost = -WadMath.divFloor(-(int256(position_.openNotional) * int256(closed)), int256(whole));
        closing.pnl = WadMath.mulWadFloor(-closing.closedSize, int256(fillPrice)) - cost;
        if (closing.pnl >= 0) {
            uint256 gain = uint256(closing.pnl);
            closing.gain = TokenScale.floorToToken(gain < closing.released ? gain : closing.released, _scale);
        } else {
            uint256 loss = uint256(-closing.pnl);
            closing.loss = loss < position_.margin ? loss : position_.margin;
            closing.shortfall = loss - closing.loss;
        }
        position_.size += closing.closedSize.toInt96();
        position_.openNotional -= cost.toInt96();
        position_.reserve -= closing.released.toUint96();
        position_.margin = (position_.margin + closing.gain - closing.loss).toUint96();
    }

    /// @dev Moves the tokens of a closing: the loss becomes due to the pool; the gain, and `extra` for the keeper, are
    /// taken from what is due to the pool, then from the pool itself. Returns what could not be delivered; that much
    /// is claimable at the pool by the owner and must not be paid here.
    function _settleWithPool(
        Market memory market_,
        Position memory position_,
        Closing memory closing,
        uint256 extra
    ) internal returns (uint256 undelivered) {
        uint256 poolDue = market_.poolDue + closing.loss;
        uint256 drawn = closing.gain + extra;
        uint256 netted = TokenScale.floorToToken(drawn < poolDue ? drawn : poolDue, _scale);
        market_.poolDue = (poolDue - netted).toUint128();
        uint256 pulled = drawn - netted;
        bool delivered;
        (closing.cash, closing.reserved, delivered) = _pool.releaseReserve(closing.released, pulled, position_.owner);
        if (!delivered) undelivered = pulled;
    }

    /// @dev The size change that closes `closed` of a position.
    function _closingDelta(Position memory position_, uint256 closed) internal pure returns (int256) {
        return position_.size > 0 ? -int256(closed) : int256(closed);
    }

    /// @dev Takes up to `amount` from margin; returns what was taken.
    function _takeFromMargin(Position memory position_, uint256 amount) internal pure returns (uint256 taken) {
        taken = amount < position_.margin ? amount : position_.margin;
        position_.margin -= uint96(taken);
    }

    function _copy(Position memory position_) internal pure returns (Position memory) {
        return
            Position({
                size: position_.size,
                openNotional: position_.openNotional,
                priceTime: position_.priceTime,
                termsId: position_.termsId,
                cooldown: position_.cooldown,
                margin: position_.margin,
                reserve: position_.reserve,
                borrowIndex: position_.borrowIndex,
                owner: position_.owner,
                fundingIndex: position_.fundingIndex
            });
    }

    function _recordShortfall(Market memory market_, uint256 positionId, uint256 shortfall) internal {
        if (shortfall != 0) emit ShortfallRecorded(positionId, ++market_.sequence, shortfall);
    }

    function _requireBatch() internal view {
        require(_batchPrice != 0, NotAuthorized(msg.sender));
    }

    /* PAY-OUTS */

    /// @dev WAD as whole token units; what is lost by rounding is due to the pool, so that not a wei goes astray.
    function _toToken(Market memory market_, uint256 amount) internal view returns (uint256 amountToken) {
        amountToken = TokenScale.toTokenDown(amount, _scale);
        market_.poolDue += (amount - amountToken * _scale).toUint128();
    }

    /// @dev Pays out, or books the amount as claimable when the token refuses: a payout never blocks its cause.
    function _payOut(address receiver, uint256 amountToken) internal {
        if (amountToken == 0) return;
        if (!SafeERC20.trySafeTransfer(_token, receiver, amountToken)) {
            _claimable[receiver] += amountToken;
            emit PayoutDeferred(++_market.sequence, receiver, amountToken);
        }
    }

    /// @dev Pulls tokens and refuses those that move other than the amount.
    function _pullToken(address from, uint256 amountToken) internal {
        IERC20 token = _token;
        uint256 before = token.balanceOf(address(this));
        SafeERC20.safeTransferFrom(token, from, address(this), amountToken);
        uint256 received = token.balanceOf(address(this)) - before;
        require(received == amountToken, TokenTransferMismatch(amountToken, received));
    }
}
