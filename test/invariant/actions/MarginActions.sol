// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Position} from "../../../contracts/types/Position.sol";
import {Terms} from "../../../contracts/types/Terms.sol";
import {Model} from "../support/Model.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {Frame, HandlerBase} from "./HandlerBase.sol";

/// @dev A price to act at, and how to show it.
struct Spot {
    uint256 price;
    uint64 observedAt;
    bytes proof;
}

/// @title MarginActions
/// @notice What accounts ask of the MarginVault themselves.
abstract contract MarginActions is HandlerBase {
    using Random for Dice;

    /// @notice By the owner or a friend; never refused while the token works.
    function addMargin(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _openIds[dice.below(_openIds.length)];
        Position memory position = _vault.position(positionId);
        address payer = dice.chance(70) ? position.owner : address(0xF71E4D);
        uint256 amountToken = dice.spread(1, 50_000e18 / _scale);
        _give(payer, amountToken, address(_vault));
        if (payer != position.owner) _ghosts.addPaidIn(position.owner, amountToken);

        Frame memory frame = _capture("MarginVault.addMargin");
        vm.prank(payer);
        try _vault.addMargin(positionId, amountToken) {
            Position memory rest = _vault.position(positionId);
            if (rest.margin != position.margin + amountToken * _scale) {
                _breach(6, frame.action, "margin did not grow by the amount", positionId);
            }
            rest.margin = position.margin;
            if (keccak256(abi.encode(rest)) != keccak256(abi.encode(position))) {
                _breach(6, frame.action, "more than margin changed", positionId);
            }
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
            bool worked = !_token.isRefused(address(_vault)) && !_token.isBlocked(payer);
            if (worked) _breach(12, frame.action, "margin was refused", positionId);
        }
        _compare(frame, positionId);
    }

    /// @notice At the newest price, or at an older one that the clock may refuse.
    function removeMargin(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _openIds[dice.below(_openIds.length)];
        Position memory position = _vault.position(positionId);
        Spot memory spot = _pickSpot(dice);
        uint256 amountToken = dice.spread(1, position.margin / _scale + 1);
        uint256 wealthBefore = _wealthOf(position.owner);
        address receiver = dice.chance(50) ? position.owner : _purseOf(position.owner);

        Frame memory frame = _capture("MarginVault.removeMargin");
        vm.prank(position.owner);
        try _vault.removeMargin(positionId, amountToken, receiver, spot.proof) {
            if (_wealthOf(position.owner) - wealthBefore != amountToken) {
                _breach(3, frame.action, "the receiver did not get the amount", positionId);
            }
            _checkRemoved(frame, positionId, spot);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame, positionId);
    }

    function claimFromVault(uint256 seed) external {
        Dice memory dice = _dice(seed);
        (bool found, address account) = _pickClaimant(dice);
        if (!found) return;
        uint256 wealthBefore = _wealthOf(account);
        uint256 owed = _vault.claimable(account);

        Frame memory frame = _capture("MarginVault.claim");
        address receiver = dice.chance(30) ? account : _purseOf(account);
        _ghosts.register(receiver);
        vm.prank(account);
        try _vault.claim(receiver) returns (uint256 amountToken) {
            if (amountToken != owed || _wealthOf(account) != wealthBefore) {
                _breach(3, frame.action, "a claim paid more or less than was owed", amountToken);
            }
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame);
    }

    /// @dev The newest round, or in one case of ten one of the last few.
    function _pickSpot(Dice memory dice) internal view returns (Spot memory spot) {
        uint256 newest = _oracle.roundCount();
        uint256 roundId = newest;
        if (dice.chance(10) && newest > 3) roundId = newest - dice.between(0, 3);
        (spot.price, spot.observedAt) = _oracle.round(roundId);
        if (roundId != newest || dice.chance(20)) spot.proof = abi.encode(roundId);
    }

    /// @dev Checked against the text of §5: max(imr × V, target × maintenance, minMargin).
    function _checkRemoved(Frame memory frame, uint256 positionId, Spot memory spot) private {
        if (spot.observedAt < frame.market.clock) _breach(16, frame.action, "an older price was used", spot.observedAt);
        if (_vault.pendingMarketOrders(positionId) != 0) _breach(NO_PANIC, frame.action, "an order waits", positionId);
        uint256 price = spot.price;
        Position memory position = _vault.position(positionId);
        Terms memory terms = _charter.terms(position.termsId);
        int256 gain = Model.gain(position, price, frame.fundingIndex, frame.borrowIndex);
        int256 equity = Model.equity(position, gain);
        int256 byRatio = (Model.notional(position, price) * int256(uint256(terms.initialMarginRatio))) / 1e18;
        int256 byTarget =
            (Model.maintenanceMargin(position, price, terms) * int256(uint256(terms.liquidationTarget))) / 1e18;
        int256 least = int256(uint256(terms.minMargin)) * 1e18;
        if (equity < byRatio || equity < byTarget || equity < least) {
            _breach(6, frame.action, "equity is below initial margin", positionId);
        }
    }

    function _pickClaimant(Dice memory dice) private view returns (bool found, address account) {
        address[] memory accounts = _ghosts.accounts();
        uint256 start = dice.below(accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            account = accounts[(start + i) % accounts.length];
            if (_vault.claimable(account) != 0) return (true, account);
        }
        return (false, account);
    }
}
